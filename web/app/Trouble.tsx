// What is shown in place of a page that failed.

import { Component, type ReactNode } from 'react';
import { Nothing } from './Nothing.tsx';

const KEY = 'homing.reloaded';

/** A file of an older build is not there any more: once, the page is loaded anew by itself. */
function isOldBuild(error: unknown): boolean {
  return error instanceof TypeError && /dynamically imported module|importing a module/i.test(error.message);
}

export class Trouble extends Component<{ children: ReactNode }, { error: unknown }> {
  override state = { error: undefined };

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override componentDidCatch(error: unknown): void {
    if (!isOldBuild(error) || sessionStorage.getItem(KEY) === location.href) return;
    sessionStorage.setItem(KEY, location.href);
    location.reload();
  }

  override render(): ReactNode {
    if (this.state.error === undefined) return this.props.children;
    const action = { label: 'Load it again', onClick: () => location.reload() };
    return <Nothing says="This page has failed. What was sent is sent, and what was saved is saved." action={action} />;
  }
}
