import type { ReactNode } from 'react';
import { useEmail } from '../jmap/cache.ts';
import { RecallNotice } from '../recall/index.ts';

/** One message, as somebody who opened it sees it. */
export function MessageView({ accountId, emailId }: { accountId: string; emailId: string }): ReactNode {
  const { data, missing } = useEmail(accountId, emailId, 'full');
  if (missing) return <p>This message is not here any more.</p>;
  if (!data) return null;
  if (data.recallNotice !== null) return <RecallNotice email={data} />;
  return (
    <article>
      <h2>{data.subject}</h2>
      <p>{data.preview}</p>
    </article>
  );
}
