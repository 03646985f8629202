// A signature as it was typed, for messages that are HTML. Pure.

const ENTITY: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** '' stays ''. */
export function htmlOf(text: string): string {
  const lines = text.replaceAll('\r\n', '\n').trimEnd().split('\n');
  if (lines.length === 1 && lines[0] === '') return '';
  return `<div>${lines.map((line) => line.replace(/[&<>"]/g, (sign) => ENTITY[sign] ?? sign)).join('<br>')}</div>`;
}
