import '@fontsource-variable/inter/wght.css';
import './app/base.css';
import { createDOMRenderer, FluentProvider, RendererProvider } from '@fluentui/react-components';
import { StrictMode, useEffect, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/App.tsx';
import { Trouble } from './app/Trouble.tsx';
import { useLook, useTheme } from './app/theme.ts';

// The server's Content-Security-Policy takes styles with this page's nonce only.
const nonce = document.querySelector<HTMLScriptElement>('script[nonce]')?.nonce;
const renderer = createDOMRenderer(document, nonce ? { styleElementAttributes: { nonce } } : {});

function Root(): ReactNode {
  const look = useLook();
  useEffect(() => {
    // The browser's own parts: scroll bars, date fields, what is beneath the page.
    document.documentElement.style.colorScheme = look === 'light' ? 'light' : 'dark';
  }, [look]);
  return (
    <RendererProvider renderer={renderer} targetDocument={document}>
      <FluentProvider theme={useTheme()}>
        <Trouble>
          <App />
        </Trouble>
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
