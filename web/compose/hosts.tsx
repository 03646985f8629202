import type { ReactNode } from 'react';

export function ComposerHost(): ReactNode {
  return null;
}

export function UndoBar(): ReactNode {
  return null;
}

export function ComposePage(_: { parameters: URLSearchParams }): ReactNode {
  return null;
}
