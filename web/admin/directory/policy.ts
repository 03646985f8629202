// Policy's settings as a form shows them. What each means and may be, the server says.

export interface Setting {
  name: string;
  /** A sentence of explanation. */
  help: string;
  default: unknown;
  type: 'boolean' | 'choice' | 'number' | 'addresses';
  choices?: string[];
  of?: string;
  least?: number;
  most?: number;
}

const GROUPS: readonly (readonly [heading: string, names: readonly string[]])[] = [
  [
    'Recalls',
    [
      'enabled',
      'maxAgeDays',
      'readCopies',
      'recipientConsent',
      'processedCopies',
      'protectedRecipients',
      'rateLimit',
      'restoreWindowSeconds',
      'recallMailbox',
    ],
  ],
  ['Notices and reports', ['notices', 'reasonInNotices', 'senderSees']],
  ['Administrators', ['dualControl', 'alertAgeDays', 'alertRecipients', 'alertPerHour', 'alertReadCopies']],
  ['Mail on its way', ['holdOutsideSeconds', 'holdInsideSeconds', 'maxRecipients', 'maxMessageSize']],
  ['How long it is kept', ['vaultRetentionDays', 'trackingRetentionDays']],
];

/** Settings under their headings; those that are under none come last. */
export function grouped(settings: readonly Setting[]): { heading: string; settings: Setting[] }[] {
  const named = GROUPS.map(([heading, names]) => ({
    heading,
    settings: names.flatMap((name) => settings.filter((one) => one.name === name)),
  }));
  const known = GROUPS.flatMap(([, names]) => names);
  const others = settings.filter(({ name }) => !known.includes(name));
  return [...named, { heading: 'More', settings: others }].filter((group) => group.settings.length > 0);
}

const LABEL: Readonly<Record<string, string>> = {
  enabled: 'Recall',
  maxAgeDays: 'Age of a message',
  readCopies: 'Copies that were read',
  recipientConsent: 'Recipients’ consent',
  processedCopies: 'Copies that were filed',
  protectedRecipients: 'Protected mailboxes',
  rateLimit: 'Recalls an hour',
  restoreWindowSeconds: 'Time to restore',
  recallMailbox: 'Recall mailbox',
  notices: 'Notices',
  reasonInNotices: 'Reason in notices',
  senderSees: 'What senders see',
  dualControl: 'Two administrators',
  alertAgeDays: 'Alert: old messages',
  alertRecipients: 'Alert: many recipients',
  alertPerHour: 'Alert: many recalls',
  alertReadCopies: 'Alert: read copies',
  holdOutsideSeconds: 'Hold before it leaves',
  holdInsideSeconds: 'Hold inside',
  maxRecipients: 'Recipients of a message',
  maxMessageSize: 'Size of a message',
  vaultRetentionDays: 'Vault',
  trackingRetentionDays: 'Tracking',
};

/** "Age of a message"; of a setting that this page does not know, its name in words. */
export function labelOf(name: string): string {
  const words = name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return LABEL[name] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

const CHOICE: Readonly<Record<string, string>> = {
  'readCopies keep': 'They stay',
  'readCopies sender-chooses': 'The sender chooses',
  'recipientConsent not-needed': 'Not needed',
  'recipientConsent recipient-decides': 'The recipient decides',
  'processedCopies recall': 'They are taken back, too',
  'processedCopies keep': 'They stay',
  'notices all': 'In place of every copy',
  'notices noticed-only': 'Where the copy may have been noticed',
  'notices none': 'Nowhere',
  'senderSees outcome+exposure': 'Outcomes, and whether copies were seen',
  'senderSees outcome': 'Outcomes only',
  'senderSees counts': 'Counts only, of five and more',
};

/** Of a group's setting that it does not have. */
export const AS_EVERYBODY = 'As the organisation has it';

export const choiceLabel = (name: string, choice: string): string => CHOICE[`${name} ${choice}`] ?? choice;

/** "Default: 30 days."; of a group's setting '': it is as the organisation's. */
export function defaultWords(setting: Setting): string {
  if (setting.default === null) return '';
  return `Default: ${valueWords(setting, setting.default)}.`;
}

export function valueWords(setting: Setting, value: unknown): string {
  if (value === null) return AS_EVERYBODY.toLowerCase();
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ');
  if (setting.type === 'choice') return choiceLabel(setting.name, textOf(value)).toLowerCase();
  const number = typeof value === 'number' ? new Intl.NumberFormat('en').format(value) : textOf(value);
  return setting.of === undefined ? number : `${number} ${setting.of}`;
}

export const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** A setting's value as a field has it; null: ''. */
export function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.join('\n');
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}
