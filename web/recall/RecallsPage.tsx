import type { ReactNode } from 'react';

export function RecallsPage(): ReactNode {
  return <h1>Recalls</h1>;
}
