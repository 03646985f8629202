// HTML from values: everything that is not a tag of ours is text.

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export type Value = string | number | Date | null | undefined;

/** Text that does nothing but be read: no tags, no control or direction characters. */
export function text(value: Value): string {
  const plain = value instanceof Date ? minute(value) : String(value ?? '');
  return plain.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\ufffd').replace(/[&<>"']/g, (one) => ENTITIES[one] ?? one);
}

/** "2026-11-23 12:05:07.123 UTC" */
export function minute(at: Date): string {
  return `${at.toISOString().slice(0, 23).replace('T', ' ')} UTC`;
}

export function section(title: string, ...body: string[]): string {
  return `<section><h2>${text(title)}</h2>\n${body.filter((one) => one !== '').join('\n')}\n</section>`;
}

export function paragraph(value: string): string {
  return `<p>${text(value)}</p>`;
}

/** Names and values, side by side; what there is nothing of is left out. */
export function list(pairs: [name: string, value: Value][]): string {
  const rows = pairs.filter(([, value]) => value !== null && value !== undefined && value !== '');
  return `<dl>${rows.map(([name, value]) => `<dt>${text(name)}</dt><dd>${text(value)}</dd>`).join('\n')}</dl>`;
}

export function table(columns: string[], rows: Value[][]): string {
  const line = (cells: Value[], tag: 'th' | 'td'): string =>
    `<tr>${cells.map((cell) => `<${tag}${tag === 'th' ? ' scope="col"' : ''}>${text(cell)}</${tag}>`).join('')}</tr>`;
  return `<div class="wide"><table><thead>${line(columns, 'th')}</thead>\n<tbody>${rows.map((row) => line(row, 'td')).join('\n')}</tbody></table></div>`;
}

const STYLE = `:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2rem; border-bottom: 1px solid; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.5rem; } dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; } th, td { text-align: start; padding: .25rem .75rem .25rem 0; vertical-align: top; border-bottom: 1px solid #8884; overflow-wrap: anywhere; }
code, pre { font: 13px/1.5 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
@media print { body { max-width: none; margin: 0; } section { break-inside: avoid-page; } }`;

/** A page that is whole by itself: it fetches nothing and runs nothing. */
export function page(title: string, sections: string[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>${text(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${text(title)}</h1>
${sections.join('\n')}
</body>
</html>
`;
}
