import type { ReactNode } from 'react';

export function TrackingPage({ recallId }: { recallId: string }): ReactNode {
  return <h1>Recall {recallId}</h1>;
}
