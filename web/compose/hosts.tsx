// Where composers and the undo bar stand. What they are made of is loaded when the first one opens.

import { lazy, Suspense, useMemo, type ReactNode } from 'react';
import { useComposers, type ComposeRequest } from './requests.ts';

const Composers = lazy(() => import('./Composers.tsx').then(({ Composers }) => ({ default: Composers })));
const Letter = lazy(() => import('./Composers.tsx').then(({ Letter }) => ({ default: Letter })));
const UndoBarView = lazy(() => import('./UndoBarView.tsx').then(({ UndoBarView }) => ({ default: UndoBarView })));

export function ComposerHost(): ReactNode {
  const { open } = useComposers();
  if (open.length === 0) return null;
  return (
    <Suspense>
      <Composers />
    </Suspense>
  );
}

export function UndoBar(): ReactNode {
  const { sent } = useComposers();
  if (!sent) return null;
  return (
    <Suspense>
      <UndoBarView key={sent.emailId} sent={sent} />
    </Suspense>
  );
}

/** /u/N/compose?to=…&subject=…, in a window of its own. */
export function ComposePage({ parameters }: { parameters: URLSearchParams }): ReactNode {
  const key = parameters.toString();
  const request = useMemo((): ComposeRequest => {
    const given = new URLSearchParams(key);
    return { kind: 'new', to: given.getAll('to'), subject: given.get('subject') ?? '' };
  }, [key]);
  return (
    <Suspense>
      <Letter number={0} request={request} folded={false} page onClosed={() => close()} />
    </Suspense>
  );
}
