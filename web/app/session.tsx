// Who is signed in: /u/N/ is one session, and this is where its pages get their server from.

import { notifyManager, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createContext, use, useEffect, useMemo, useState, type ReactNode } from 'react';
import { createJmap, type Jmap } from '../jmap/client.ts';
import { EmailStoreProvider } from '../jmap/cache.ts';
import { PushProvider } from '../jmap/push.ts';
import { CAPABILITIES, type JmapSession } from '../jmap/types.ts';
import { Nothing } from './Nothing.tsx';
import { currentRoute, navigate, useRouteText } from './router.ts';
import { rememberSession, signInPath } from './sessions.ts';

const JmapContext = createContext<Jmap | null>(null);

/** The session's server. Only within a page of /u/N/. */
export function useJmap(): Jmap {
  const jmap = use(JmapContext);
  if (!jmap) throw new Error('There is no session here.');
  return jmap;
}

/** The signed-in person's own account. */
export function useOwnAccountId(): string {
  return ownAccountId(useJmap());
}

export function ownAccountId({ session }: Jmap): string {
  return session.primaryAccounts[CAPABILITIES.mail] ?? '';
}

/** The account in view: a shared mailbox, or their own. */
export function useAccountId(): string {
  const jmap = useJmap();
  const asked = useRouteText((route) => ('accountId' in route ? (route.accountId ?? '') : ''));
  return asked in jmap.session.accounts ? asked : ownAccountId(jmap);
}

type Loading = { jmap: Jmap } | { failed: string } | null;

/** Renders `children` once the session object is there; leads to sign-in where there is no session. */
export function SessionProvider({ number, children }: { number: number; children: ReactNode }): ReactNode {
  const base = `/u/${number}`;
  const [loading, setLoading] = useState<Loading>(null);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let stopped = false;
    const load = async (): Promise<void> => {
      const session = await fetchSession(base);
      if (stopped) return;
      if (!session) return signedOut();
      rememberSession(number, session.username);
      const onSessionState = (): void => setAttempt((count) => count + 1);
      setLoading({ jmap: createJmap({ session, base, onSignedOut: signedOut, onSessionState }) });
    };
    load().catch(() => {
      if (stopped) return;
      setLoading((before) => before ?? { failed: 'The server does not answer.' });
      setTimeout(() => !stopped && setAttempt((count) => count + 1), RETRY_MS);
    });
    return () => {
      stopped = true;
    };
  }, [base, number, attempt]);
  const client = useMemo(() => newQueryClient(), []);
  if (!loading) return null;
  if ('failed' in loading) return <Nothing says={loading.failed} />;
  return (
    <JmapContext value={loading.jmap}>
      <QueryClientProvider client={client}>
        <EmailStoreProvider jmap={loading.jmap}>
          <PushProvider jmap={loading.jmap}>{children}</PushProvider>
        </EmailStoreProvider>
      </QueryClientProvider>
    </JmapContext>
  );
}

const RETRY_MS = 3000;

/** Null: nobody is signed in. Throws when nobody answers. */
async function fetchSession(base: string): Promise<JmapSession | null> {
  const response = await fetch(`${base}/.well-known/jmap`, { headers: { 'x-requested-with': 'Homing' } });
  if (response.status === 401) return null;
  if (!response.ok) throw new Error(response.statusText);
  return (await response.json()) as JmapSession;
}

function signedOut(): void {
  if (currentRoute().name === 'signIn') return;
  navigate(signInPath(location.pathname + location.search), { replace: true });
}

// What has come is shown in the same moment: a timer would let the browser do other things first.
notifyManager.setScheduler(queueMicrotask);

/** What push tells of is fetched anew then and only then: nothing grows old by itself. */
function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        networkMode: 'always',
        staleTime: Infinity,
        retry: 1,
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
      },
    },
  });
}
