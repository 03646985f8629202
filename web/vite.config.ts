// How the client is built: `npm run build:web`, or `npm start` by itself where web/dist is missing or old.

import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  // The server puts a fresh nonce in its place each time it hands out index.html (src/http/web.ts).
  html: { cspNonce: '__NONCE__' },
  plugins: [react()],
  build: {
    target: 'es2023',
    // The CSP takes fonts and pictures from files only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // The one chunk is Fluent's and React's; its gzipped size has a limit in the tests.
    chunkSizeWarningLimit: 1500,
    emptyOutDir: true,
  },
});
