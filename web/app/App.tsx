// Which page an address shows.

import { lazy, Suspense, type ReactNode } from 'react';
import { useRoute } from './router.ts';
import { SessionProvider } from './session.tsx';
import { Shell } from './Shell.tsx';
import { SignIn } from './SignIn.tsx';

const TryPage = lazy(() => import('../try/index.ts').then(({ TryPage }) => ({ default: TryPage })));

export function App(): ReactNode {
  const route = useRoute();
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
      return <Nowhere />;
    default:
      return (
        <SessionProvider key={route.session} number={route.session}>
          <Shell route={route} />
        </SessionProvider>
      );
  }
}

function Nowhere(): ReactNode {
  return (
    <main>
      <h1>There is nothing here.</h1>
      <a href="/">Sign in</a>
    </main>
  );
}
