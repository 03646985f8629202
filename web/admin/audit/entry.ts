// An entry of the audit log, in words and as a line of a file. Pure.

export interface AuditEntry {
  id: string;
  seq: number;
  at: string;
  actor: string;
  action: string;
  subject: string;
  detail: Record<string, unknown>;
  hash: string;
}

/** "messageId: x@y · recipients: 12". What is nothing is left out; what is long is cut. */
export function detailWords(detail: Record<string, unknown>): string {
  return Object.entries(detail)
    .filter(([, value]) => value !== null && value !== '' && !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) => `${name}: ${valueWords(value)}`)
    .join(' · ');
}

const MOST = 200;

function valueWords(value: unknown): string {
  const isChange = typeof value === 'object' && value !== null && 'from' in value && 'to' in value;
  const words = isChange ? `${plain(value.from)} → ${plain(value.to)}` : plain(value);
  return words.length > MOST ? `${words.slice(0, MOST)}…` : words;
}

function plain(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === true) return 'yes';
  if (value === false) return 'no';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(plain).join(', ');
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return Object.entries(value)
    .map(([name, of]) => `${name} ${plain(of)}`)
    .join(', ');
}

/** As `homing audit --json` writes it. */
export function exportLine({ seq, at, actor, action, subject, detail, hash }: AuditEntry): string {
  return `${JSON.stringify({ seq, at, actor, action, subject, detail, hash })}\n`;
}
