import type { ReactNode } from 'react';

export function TryPage(): ReactNode {
  return <h1>Ana has just sent everyone the salaries. Take it back.</h1>;
}
