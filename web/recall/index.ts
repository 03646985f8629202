// The recall's door: dialog, mark, notice, and the pages. What is large is loaded when it is gone to.

import { lazy } from 'react';

export { openRecallDialog } from './open.ts';
export { RecallHost } from './RecallHost.tsx';
export { RecallMark } from './RecallMark.tsx';
export { RecallNotice } from './RecallNotice.tsx';
export { useRecallability } from './recallability.ts';

export const TrackingPage = lazy(() =>
  import('./TrackingPage.tsx').then(({ TrackingPage }) => ({ default: TrackingPage })),
);
export const RecallsPage = lazy(() =>
  import('./RecallsPage.tsx').then(({ RecallsPage }) => ({ default: RecallsPage })),
);
