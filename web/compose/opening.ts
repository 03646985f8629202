// From what was asked for to a composer's first content.

import { Fragment, type Node } from 'prosemirror-model';
import { fetchFull } from '../jmap/cache.ts';
import { JmapError, type Jmap } from '../jmap/client.ts';
import type { EmailBodyPart, EmailFull, Identity, Mailbox } from '../jmap/types.ts';
import { parseAddressList } from './addresses.ts';
import { FORWARDED, type Attachment, type Content, type Threading } from './content.ts';
import { htmlToDoc, paragraph, textToDoc } from './read.ts';
import { answerSubject, answerThread, attribution, forwardLines, identityFor, replyRecipients } from './reply.ts';
import type { ComposeRequest } from './requests.ts';
import { schema } from './schema.ts';

export interface Opened {
  accountId: string;
  content: Content;
  thread: Threading;
  identities: Identity[];
  drafts: string;
  sent: string;
  draftId: string | null;
  /** Is marked as answered or forwarded once this was sent. */
  answers: { emailId: string; keyword: '$answered' | '$forwarded' } | null;
  /** To be let go of when the composer closes. */
  pictures: string[];
}

const NO_THREAD: Threading = { inReplyTo: null, references: null };

/** Throws JmapError `notFound` where the message is not there any more. */
export async function openContent(jmap: Jmap, ownAccount: string, request: ComposeRequest): Promise<Opened> {
  const accountId = request.kind === 'new' ? ownAccount : request.accountId;
  const [{ list: identities }, { list: mailboxes }] = await Promise.all([
    jmap.call<{ list: Identity[] }>('Identity/get', { accountId, ids: null }),
    jmap.call<{ list: Mailbox[] }>('Mailbox/get', { accountId, ids: null, properties: ['id', 'role'] }),
  ]);
  const box = (role: string): string => mailboxes.find((one) => one.role === role)?.id ?? '';
  const base = { accountId, identities, drafts: box('drafts'), sent: box('sent'), thread: NO_THREAD, draftId: null };
  const address = jmap.session.accounts[accountId]?.name ?? '';
  if (request.kind === 'new') {
    const identity = identityFor(identities, address);
    const doc = letter([paragraph(), ...signatureOf(identity)]);
    const to = (request.to ?? []).flatMap(parseAddressList);
    const content = {
      identityId: identity?.id ?? '',
      to,
      cc: [],
      bcc: identity?.bcc ?? [],
      subject: request.subject ?? '',
    };
    return { ...base, content: { ...content, doc, attachments: [] }, answers: null, pictures: [] };
  }
  const { kind, emailId } = request;
  const original = await fetchOriginal(jmap, accountId, emailId);
  const identity = identityFor(identities, address, original);
  const { doc: quoted, attachments, pictures } = await readBody(jmap, accountId, original);
  if (kind === 'draft' || kind === 'resend' || kind === 'replacement') {
    const from = identities.find(({ email }) => email === original.from?.[0]?.email) ?? identity;
    const content = {
      identityId: from?.id ?? '',
      to: original.to ?? [],
      cc: original.cc ?? [],
      bcc: original.bcc ?? [],
      subject: original.subject ?? '',
      doc: quoted,
      attachments,
    };
    const isDraft = kind === 'draft';
    const thread = isDraft ? await threadOf(jmap, accountId, original) : NO_THREAD;
    return { ...base, content, thread, draftId: isDraft ? emailId : null, answers: null, pictures };
  }
  const own = identities.map(({ email }) => email);
  const lead = kind === 'forward' ? forwarded(original, quoted) : answered(original, quoted);
  const content: Content = {
    identityId: identity?.id ?? '',
    ...replyRecipients(kind, original, own),
    subject: answerSubject(kind, original.subject),
    doc: letter([paragraph(), ...signatureOf(identity), ...lead]),
    attachments: kind === 'forward' ? attachments : attachments.filter(({ cid }) => cid !== null),
  };
  const keyword = kind === 'forward' ? '$forwarded' : '$answered';
  return { ...base, content, thread: answerThread(kind, original), answers: { emailId, keyword }, pictures };
}

const letter = (blocks: Node[]): Node => schema.node('doc', null, blocks);

/** Quoting shows it: it is marked as read first, like a body that is opened. */
async function fetchOriginal(jmap: Jmap, accountId: string, emailId: string): Promise<EmailFull> {
  await jmap.call('Email/set', { accountId, update: { [emailId]: { 'keywords/$seen': true } } });
  const { email: original } = await fetchFull(jmap, accountId, emailId);
  if (!original) throw new JmapError('notFound', 'This message is not here any more.');
  return original;
}

/** A draft keeps its place in a conversation, and what it forwards, when it is written on. */
async function threadOf(jmap: Jmap, accountId: string, draft: EmailFull): Promise<Threading> {
  const asked = { accountId, ids: [draft.id], properties: [FORWARDED] };
  const [kept] = (await jmap.call<{ list: Threading[] }>('Email/get', asked)).list;
  return { inReplyTo: draft.inReplyTo, references: draft.references, [FORWARDED]: kept?.[FORWARDED] ?? null };
}

export function signatureOf(identity: Identity | undefined): Node[] {
  if (!identity) return [];
  const { htmlSignature, textSignature } = identity;
  if (htmlSignature.trim() === '' && textSignature.trim() === '') return [];
  const doc = htmlSignature.trim() === '' ? textToDoc(textSignature) : htmlToDoc(htmlSignature);
  return [paragraph(), schema.node('signature', null, doc.content)];
}

function answered(original: EmailFull, quoted: Node): Node[] {
  return [paragraph(), paragraph(attribution(original)), schema.node('blockquote', null, quoted.content)];
}

function forwarded(original: EmailFull, quoted: Node): Node[] {
  const strong = schema.mark('strong');
  const lines = forwardLines(original).map(([name, value]) =>
    schema.node('paragraph', null, [schema.text(`${name}: `, [strong]), schema.text(value)]),
  );
  const blocks: Node[] = [];
  quoted.content.forEach((node) => blocks.push(node));
  return [paragraph(), schema.node('horizontal_rule'), ...lines, paragraph(), ...blocks];
}

async function readBody(
  jmap: Jmap,
  accountId: string,
  original: EmailFull,
): Promise<{ doc: Node; attachments: Attachment[]; pictures: string[] }> {
  const bodies = original.htmlBody.filter(({ type }) => type === 'text/html' || type === 'text/plain');
  const html = bodies
    .filter(({ type }) => type === 'text/html')
    .map((part) => valueOf(original, part))
    .join('\n');
  const files = original.attachments.filter(({ blobId }) => blobId !== null);
  const isPicture = ({ cid, type }: EmailBodyPart): boolean =>
    cid !== null && /^image\/(?:png|jpeg|gif|webp)$/.test(type) && html.includes(`cid:${cid}`);
  const shown = await Promise.all(files.filter(isPicture).map((part) => picture(jmap, accountId, part)));
  const sources = new Map(shown.filter((one) => one !== null));
  const parts = bodies.map((part) => {
    const value = valueOf(original, part);
    return part.type === 'text/html' ? htmlToDoc(value, sources) : textToDoc(value);
  });
  const doc = parts.reduce<Fragment>((all, part) => all.append(part.content), Fragment.empty);
  const attachments = files.map((part, i): Attachment => ({
    key: `original ${i}`,
    name: part.name ?? 'attachment',
    type: part.type,
    size: part.size,
    blobId: part.blobId,
    cid: part.cid !== null && sources.has(part.cid) ? part.cid : null,
    progress: 1,
    error: null,
  }));
  return {
    doc: doc.size === 0 ? letter([paragraph()]) : schema.node('doc', null, doc),
    attachments,
    pictures: [...sources.values()],
  };
}

const valueOf = ({ bodyValues }: EmailFull, { partId }: EmailBodyPart): string => bodyValues[partId ?? '']?.value ?? '';

/** Null: it could not be had; the letter goes without it. */
async function picture(jmap: Jmap, accountId: string, part: EmailBodyPart): Promise<[string, string] | null> {
  try {
    const url = jmap.downloadUrl(accountId, part.blobId ?? '', part.name ?? 'picture', part.type);
    const response = await fetch(url, { headers: { 'x-requested-with': 'Homing' } });
    if (!response.ok) return null;
    return [part.cid ?? '', URL.createObjectURL(await response.blob())];
  } catch {
    return null;
  }
}
