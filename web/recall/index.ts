// The recall's door: dialog, mark, notice, and the pages, which are loaded when they are gone to.

import { lazy } from 'react';

export { openRecallDialog, RecallHost, RecallMark, RecallNotice, useRecallability } from './parts.tsx';

export const TrackingPage = lazy(() =>
  import('./TrackingPage.tsx').then(({ TrackingPage }) => ({ default: TrackingPage })),
);
export const RecallsPage = lazy(() =>
  import('./RecallsPage.tsx').then(({ RecallsPage }) => ({ default: RecallsPage })),
);
