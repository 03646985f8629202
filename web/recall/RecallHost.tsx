// Where the dialog stands, on whatever page it was asked for.

import { lazy, Suspense, type ReactNode } from 'react';
import { useRecallRequest } from './open.ts';

const RecallDialog = lazy(() => import('./RecallDialog.tsx').then(({ RecallDialog }) => ({ default: RecallDialog })));

export function RecallHost(): ReactNode {
  const request = useRecallRequest();
  if (!request) return null;
  const { time, ...asked } = request;
  return (
    <Suspense>
      <RecallDialog key={time} {...asked} />
    </Suspense>
  );
}
