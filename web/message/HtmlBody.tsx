// A mail's HTML in a frame of its own: sandboxed without scripts, under a policy that lets nothing be fetched.

import { makeStyles, mergeClasses, MessageBar, MessageBarBody, tokens } from '@fluentui/react-components';
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { useJmap } from '../app/session.tsx';
import { PAPER, useLook } from '../app/theme.ts';
import { openComposer } from '../compose/index.ts';
import type { EmailBodyPart } from '../jmap/types.ts';
import { CID, cleanCss, cleanHtml, pretendedHost, STYLE } from './html.ts';
import { LinkWarning } from './LinkWarning.tsx';

const useStyles = makeStyles({
  frame: {
    display: 'block',
    width: '100%',
    border: 'none',
    colorScheme: 'light',
  },
  // Mail is written for paper: what it says of colours holds on white only.
  paper: { backgroundColor: PAPER.ground, borderRadius: tokens.borderRadiusMedium, overflow: 'hidden' },
  /** White on a dark page needs an edge of its own. */
  margin: { padding: '12px' },
  remote: { marginBottom: '12px' },
});

/** Before the page's own policy, which the frame inherits, this one: pictures that the mail itself carries, nothing else. */
const EMPTY = `<!doctype html><html><head><meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data: blob:"><meta name="referrer" content="no-referrer"></head><body></body></html>`;

const BASE_CSS = `html { overflow-x: auto; overflow-y: hidden; } body { margin: 0; padding: 1px 0; font: 14px/20px 'Segoe UI', -apple-system, 'Inter Variable', sans-serif; color: ${PAPER.text}; overflow-wrap: anywhere; } img { max-width: 100%; height: auto; } img:not([src]) { display: none; } table { max-width: 100%; } pre { white-space: pre-wrap; } a { color: ${PAPER.link}; }`;

export interface HtmlBodyProps {
  accountId: string;
  html: string;
  /** Pictures of the mail, by Content-ID. */
  inline: readonly EmailBodyPart[];
}

export function HtmlBody({ accountId, html, inline }: HtmlBodyProps): ReactNode {
  const styles = useStyles();
  const jmap = useJmap();
  const look = useLook();
  const frame = useRef<HTMLIFrameElement>(null);
  const [height, setHeight] = useState(0);
  const [warning, setWarning] = useState<{ shown: string; href: string } | null>(null);
  const mail = useMemo(() => cleanHtml(html), [html]);

  useEffect(() => {
    const element = frame.current;
    if (!element) return undefined;
    const abort = new AbortController();
    const urls: string[] = [];
    let observer: ResizeObserver | undefined;
    const fill = (): void => {
      const page = element.contentDocument;
      const view = page?.defaultView;
      if (!page?.body || !view || page.body.hasAttribute('data-filled')) return;
      page.body.setAttribute('data-filled', '');
      page.adoptedStyleSheets = [BASE_CSS, mail.css].map((css) => {
        const sheet = new view.CSSStyleSheet();
        sheet.replaceSync(css);
        return sheet;
      });
      const fragment = page.importNode(mail.fragment, true);
      for (const styled of fragment.querySelectorAll<HTMLElement>(`[${STYLE}]`)) {
        styled.style.cssText = cleanCss(styled.getAttribute(STYLE) ?? '');
        styled.removeAttribute(STYLE);
      }
      page.body.append(fragment);
      for (const picture of page.querySelectorAll<HTMLImageElement>(`img[${CID}]`)) {
        const part = inline.find(({ cid }) => cid === picture.getAttribute(CID));
        if (!part?.blobId || !/^image\/(?:png|gif|jpe?g|webp|bmp)$/i.test(part.type)) continue;
        const source = jmap.downloadUrl(accountId, part.blobId, part.name ?? 'picture', part.type);
        fetch(source, { signal: abort.signal, headers: { 'x-requested-with': 'Homing' } })
          .then(async (response) => {
            if (!response.ok) return;
            const url = URL.createObjectURL(await response.blob());
            urls.push(url);
            picture.src = url;
          })
          .catch(() => undefined);
      }
      page.addEventListener('click', onClick);
      page.addEventListener('auxclick', onClick);
      page.addEventListener('keydown', onKey);
      observer = new ResizeObserver(() => setHeight(page.documentElement.scrollHeight));
      observer.observe(page.body);
    };
    // Keys that are pressed where somebody reads are the page's keys all the same.
    const onKey = (event: KeyboardEvent): void => {
      const { key, code, ctrlKey, metaKey, shiftKey, altKey, repeat } = event;
      const same = { key, code, ctrlKey, metaKey, shiftKey, altKey, repeat, bubbles: true, cancelable: true };
      if (!element.dispatchEvent(new KeyboardEvent('keydown', same))) event.preventDefault();
    };
    const onClick = (event: MouseEvent): void => {
      if (event.button > 1) return;
      const link = (event.target as Element | null)?.closest?.('a[href]');
      const href = link?.getAttribute('href') ?? '';
      if (!link || href === '') return;
      event.preventDefault();
      if (/^mailto:/i.test(href)) return write(href);
      const shown = pretendedHost(link.textContent ?? '', href);
      if (shown === null) open(href, '_blank', 'noopener,noreferrer');
      else setWarning({ shown, href });
    };
    element.addEventListener('load', fill);
    if (element.contentDocument?.readyState === 'complete' && element.contentDocument.head.childElementCount > 0)
      fill();
    return () => {
      abort.abort();
      observer?.disconnect();
      element.removeEventListener('load', fill);
      for (const url of urls) URL.revokeObjectURL(url);
    };
  }, [mail, inline, jmap, accountId]);

  return (
    <>
      {mail.remote > 0 && (
        <MessageBar className={styles.remote}>
          <MessageBarBody>
            {mail.remote === 1 ? 'A picture' : `${mail.remote} pictures`} from elsewhere{' '}
            {mail.remote === 1 ? 'is' : 'are'} not fetched: that would tell the sender that you read this.
          </MessageBarBody>
        </MessageBar>
      )}
      <div className={mergeClasses(styles.paper, look !== 'light' && styles.margin)}>
        <iframe
          key={html}
          ref={frame}
          className={styles.frame}
          style={{ height }}
          title="Message"
          sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"
          srcDoc={EMPTY}
        />
      </div>
      {warning && <LinkWarning {...warning} onClose={() => setWarning(null)} />}
    </>
  );
}

/** "mailto:ana@pigeon.test?subject=Roof" (RFC 6068). */
function write(href: string): void {
  const { pathname, searchParams } = new URL(href);
  const to = decodeURIComponent(pathname)
    .split(',')
    .map((address) => address.trim())
    .filter(Boolean);
  openComposer({ kind: 'new', to, subject: searchParams.get('subject') ?? '' });
}
