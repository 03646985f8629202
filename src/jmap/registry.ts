// Every method, with the capability that a request must be using to call it.

import type { Duty } from '../mail/roles.ts';
import { CAPABILITY, type Capability, type Method } from './wire.ts';
import { appPasswordGet, appPasswordSet } from './methods/app-password.ts';
import { blobGet, blobLookup, blobUpload } from './methods/blob.ts';
import { administered } from './methods/admin.ts';
import { adminAccountGet, adminAccountQuery, adminAccountSet } from './methods/admin-account.ts';
import { adminAlertChanges, adminAlertGet, adminAlertQuery, adminAlertSet } from './methods/admin-alert.ts';
import { adminMessageGet, adminMessageQuery } from './methods/admin-message.ts';
import {
  adminRecallChanges,
  adminRecallGet,
  adminRecallPack,
  adminRecallPreview,
  adminRecallQuery,
  adminRecallRestore,
  adminRecallSet,
  adminRecallUndo,
} from './methods/admin-recall.ts';
import { adminAuditGet, adminAuditQuery, adminAuditVerify } from './methods/admin-audit.ts';
import { adminGroupGet, adminGroupMembers, adminGroupQuery, adminGroupSet } from './methods/admin-group.ts';
import { adminPolicyGet, adminPolicySet } from './methods/admin-policy.ts';
import { adminQueueDrop, adminQueueGet, adminQueueRecipients, adminQueueRetry } from './methods/admin-queue.ts';
import { adminRecallStatistics } from './methods/admin-statistics.ts';
import { adminVaultGet } from './methods/admin-vault.ts';
import { blobCopy } from './methods/blob-copy.ts';
import { cannotCalculate, echo } from './methods/core.ts';
import { delegationGet } from './methods/delegation.ts';
import { emailChangesMethod } from './methods/email-changes.ts';
import { emailCopy } from './methods/email-copy.ts';
import { emailGet } from './methods/email-get.ts';
import { emailImport } from './methods/email-import.ts';
import { emailParse } from './methods/email-parse.ts';
import { emailQuery, emailQueryChangesMethod } from './methods/email-query.ts';
import { emailSet } from './methods/email-set.ts';
import { submissionChanges, submissionGet } from './methods/email-submission.ts';
import { submissionQuery, submissionQueryChanges } from './methods/email-submission-query.ts';
import { submissionSet } from './methods/email-submission-set.ts';
import { ruleChanges, ruleGet, ruleQuery, ruleSet } from './methods/inbox-rule.ts';
import { identityChanges, identityGet } from './methods/identity.ts';
import { identitySet } from './methods/identity-set.ts';
import { mailboxChangesMethod, mailboxGet } from './methods/mailbox.ts';
import { mailboxQuery, mailboxQueryChanges } from './methods/mailbox-query.ts';
import { mailboxSet } from './methods/mailbox-set.ts';
import { principalChanges, principalGet, principalQuery } from './methods/principal.ts';
import {
  recallChanges,
  recallGet,
  recallPreview,
  recallQuery,
  recallRecipients,
  recallRestore,
  recallSet,
} from './methods/recall.ts';
import { adminOutcomeGet, adminOutcomeQuery, outcomeGet, outcomeQuery } from './methods/recall-outcome.ts';
import { preferenceChanges, preferenceGet, preferenceSet } from './methods/recall-preference.ts';
import { pushSubscriptionGet, pushSubscriptionSet } from './methods/push-subscription.ts';
import { quotaChanges, quotaGet, quotaQuery, quotaQueryChanges } from './methods/quota.ts';
import { searchSnippetGet } from './methods/search-snippet.ts';
import { threadChangesMethod, threadGet } from './methods/thread.ts';
import { vacationChanges, vacationGet, vacationSet } from './methods/vacation-response.ts';

export interface Registered {
  capability: Capability;
  run: Method;
  /** What a role of the reader's must include. */
  duty?: Duty;
}

const of = (capability: Capability, methods: Record<string, Method>): Record<string, Registered> =>
  Object.fromEntries(Object.entries(methods).map(([name, run]) => [name, { capability, run }]));

const forDuty = (duty: Duty, methods: Record<string, Method>): Record<string, Registered> =>
  Object.fromEntries(
    Object.entries(methods).map(([name, run]) => [
      name,
      { capability: CAPABILITY.admin, run: administered(duty, run), duty },
    ]),
  );

export const METHODS: Readonly<Record<string, Registered>> = {
  ...of(CAPABILITY.core, {
    'Core/echo': echo,
    'Blob/copy': blobCopy,
    'PushSubscription/get': pushSubscriptionGet,
    'PushSubscription/set': pushSubscriptionSet,
  }),
  ...of(CAPABILITY.mail, {
    'Mailbox/get': mailboxGet,
    'Mailbox/changes': mailboxChangesMethod,
    'Mailbox/query': mailboxQuery,
    'Mailbox/queryChanges': mailboxQueryChanges,
    'Mailbox/set': mailboxSet,
    'Thread/get': threadGet,
    'Thread/changes': threadChangesMethod,
    'Email/get': emailGet,
    'Email/changes': emailChangesMethod,
    'Email/query': emailQuery,
    'Email/queryChanges': emailQueryChangesMethod,
    'Email/set': emailSet,
    'Email/copy': emailCopy,
    'Email/import': emailImport,
    'Email/parse': emailParse,
    'SearchSnippet/get': searchSnippetGet,
  }),
  ...of(CAPABILITY.submission, {
    'Identity/get': identityGet,
    'Identity/changes': identityChanges,
    'Identity/set': identitySet,
    'EmailSubmission/get': submissionGet,
    'EmailSubmission/changes': submissionChanges,
    'EmailSubmission/query': submissionQuery,
    'EmailSubmission/queryChanges': submissionQueryChanges,
    'EmailSubmission/set': submissionSet,
  }),
  ...of(CAPABILITY.blob, { 'Blob/upload': blobUpload, 'Blob/get': blobGet, 'Blob/lookup': blobLookup }),
  ...of(CAPABILITY.quota, {
    'Quota/get': quotaGet,
    'Quota/changes': quotaChanges,
    'Quota/query': quotaQuery,
    'Quota/queryChanges': quotaQueryChanges,
  }),
  ...of(CAPABILITY.vacation, {
    'VacationResponse/get': vacationGet,
    'VacationResponse/changes': vacationChanges,
    'VacationResponse/set': vacationSet,
  }),
  ...of(CAPABILITY.principals, {
    'Principal/get': principalGet,
    'Principal/changes': principalChanges,
    'Principal/query': principalQuery,
    'Principal/queryChanges': cannotCalculate,
  }),
  ...of(CAPABILITY.directory, { 'Delegation/get': delegationGet }),
  ...of(CAPABILITY.recall, {
    'Recall/get': recallGet,
    'Recall/changes': recallChanges,
    'Recall/query': recallQuery,
    'Recall/queryChanges': cannotCalculate,
    'Recall/set': recallSet,
    'Recall/preview': recallPreview,
    'Recall/recipients': recallRecipients,
    'Recall/restore': recallRestore,
    'RecallOutcome/get': outcomeGet,
    'RecallOutcome/query': outcomeQuery,
    'RecallOutcome/queryChanges': cannotCalculate,
    'RecallPreference/get': preferenceGet,
    'RecallPreference/changes': preferenceChanges,
    'RecallPreference/set': preferenceSet,
  }),
  ...of(CAPABILITY.appPasswords, { 'AppPassword/get': appPasswordGet, 'AppPassword/set': appPasswordSet }),
  ...of(CAPABILITY.rules, {
    'InboxRule/get': ruleGet,
    'InboxRule/changes': ruleChanges,
    'InboxRule/query': ruleQuery,
    'InboxRule/queryChanges': cannotCalculate,
    'InboxRule/set': ruleSet,
  }),
  ...forDuty('see-directory', {
    'AdminAccount/get': adminAccountGet,
    'AdminAccount/query': adminAccountQuery,
    // And for each property what that takes.
    'AdminAccount/set': adminAccountSet,
    'AdminGroup/get': adminGroupGet,
    'AdminGroup/query': adminGroupQuery,
    'AdminGroup/members': adminGroupMembers,
  }),
  ...forDuty('change-directory', { 'AdminGroup/set': adminGroupSet }),
  ...forDuty('see-policy', { 'AdminPolicy/get': adminPolicyGet }),
  ...forDuty('change-policy', { 'AdminPolicy/set': adminPolicySet }),
  ...forDuty('see-audit', {
    'AdminAudit/get': adminAuditGet,
    'AdminAudit/query': adminAuditQuery,
    'AdminAudit/verify': adminAuditVerify,
  }),
  ...forDuty('see-queue', { 'AdminQueue/get': adminQueueGet, 'AdminQueue/recipients': adminQueueRecipients }),
  ...forDuty('change-queue', { 'AdminQueue/retry': adminQueueRetry, 'AdminQueue/drop': adminQueueDrop }),
  ...forDuty('see-recalls', {
    'AdminRecall/get': adminRecallGet,
    'AdminRecall/changes': adminRecallChanges,
    'AdminRecall/query': adminRecallQuery,
    'AdminRecall/pack': adminRecallPack,
    'AdminRecall/statistics': adminRecallStatistics,
    'AdminRecallOutcome/get': adminOutcomeGet,
    'AdminRecallOutcome/query': adminOutcomeQuery,
    'AdminVault/get': adminVaultGet,
    'AdminAlert/get': adminAlertGet,
    'AdminAlert/changes': adminAlertChanges,
    'AdminAlert/query': adminAlertQuery,
  }),
  ...forDuty('recall', {
    'AdminMessage/get': adminMessageGet,
    'AdminMessage/query': adminMessageQuery,
    'AdminRecall/set': adminRecallSet,
    'AdminRecall/preview': adminRecallPreview,
    'AdminRecall/restore': adminRecallRestore,
    'AdminRecall/undo': adminRecallUndo,
    'AdminAlert/set': adminAlertSet,
  }),
};
