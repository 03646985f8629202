// Which page an address shows.

import { lazy, Suspense, useEffect, type ReactNode } from 'react';
import { keepFocus } from './focus.ts';
import { Nothing } from './Nothing.tsx';
import { navigate, useRoute } from './router.ts';
import { SessionProvider } from './session.tsx';
import { Shell } from './Shell.tsx';
import { SignIn } from './SignIn.tsx';

const TryPage = lazy(() => import('../try/index.ts').then(({ TryPage }) => ({ default: TryPage })));

export function App(): ReactNode {
  const route = useRoute();
  useEffect(keepFocus, []);
  switch (route.name) {
    case 'signIn':
      return <SignIn next={route.next} />;
    case 'try':
      return (
        <Suspense>
          <TryPage />
        </Suspense>
      );
    case 'nowhere':
      return <Nothing says="There is nothing here." action={{ label: 'Sign in', onClick: () => navigate('/') }} />;
    default:
      return (
        <SessionProvider key={route.session} number={route.session}>
          <Shell route={route} />
        </SessionProvider>
      );
  }
}
