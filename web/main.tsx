import '@fontsource-variable/inter/wght.css';
import { createDOMRenderer, FluentProvider, RendererProvider } from '@fluentui/react-components';
import { StrictMode, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/App.tsx';
import { useTheme } from './app/theme.ts';

// The server's Content-Security-Policy takes styles with this page's nonce only.
const nonce = document.querySelector<HTMLScriptElement>('script[nonce]')?.nonce;
const renderer = createDOMRenderer(document, nonce ? { styleElementAttributes: { nonce } } : {});

function Root(): ReactNode {
  return (
    <RendererProvider renderer={renderer} targetDocument={document}>
      <FluentProvider theme={useTheme()}>
        <App />
      </FluentProvider>
    </RendererProvider>
  );
}

const place = document.getElementById('app');
if (place) {
  createRoot(place).render(
    <StrictMode>
      <Root />
    </StrictMode>,
  );
}
