import { SearchBox as Box } from '@fluentui/react-components';
import { useState, type ReactNode } from 'react';
import { navigate, pathOf } from '../app/router.ts';
import type { SessionRoute } from '../app/Shell.tsx';

export function SearchBox({ accountId: _accountId, route }: { accountId: string; route: SessionRoute }): ReactNode {
  const [text, setText] = useState(route.name === 'mail' ? (route.search ?? '') : '');
  const search = (): void => {
    const mailbox = route.name === 'mail' ? route.mailbox : 'inbox';
    const { session, accountId } = route;
    navigate(pathOf({ name: 'mail', session, accountId, mailbox, emailId: null, search: text.trim() || null }));
  };
  return (
    <search>
      <Box
        aria-label="Search"
        placeholder="Search"
        value={text}
        onChange={(_, { value }) => setText(value)}
        onKeyDown={(event) => event.key === 'Enter' && search()}
      />
    </search>
  );
}
