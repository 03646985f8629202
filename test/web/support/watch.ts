// What must not happen in any page of ours: an error on the console, a violation of the CSP, a request to anywhere else.

import type { BrowserContext } from 'playwright-core';

export interface Watch {
  /** An error that this test causes on purpose. */
  expect(pattern: RegExp): void;
  /** What was seen and not expected, one line each; the watch begins anew. */
  take(): string[];
}

/** Pages that open later are watched too. */
export async function watch(context: BrowserContext, base: string): Promise<Watch> {
  let seen: string[] = [];
  let expected: RegExp[] = [];
  const note = (line: string): void => void seen.push(line);

  context.on('console', (message) => {
    if (message.type() === 'error') note(`console: ${message.text()} (${message.location().url})`);
  });
  context.on('weberror', (error) => note(`uncaught: ${error.error().stack ?? error.error().message}`));
  context.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${base}/`) && !/^(?:data|blob|about):/.test(url)) note(`request to ${url}`);
  });
  await context.exposeFunction('homingTestViolation', (line: string) => note(`CSP: ${line}`));
  await context.addInitScript(() => {
    const told = globalThis as unknown as { homingTestViolation?: (line: string) => void };
    document.addEventListener('securitypolicyviolation', (event) => {
      told.homingTestViolation?.(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile} ${event.sample}`);
    });
  });

  return {
    expect: (pattern) => void expected.push(pattern),
    take() {
      const unexpected = seen.filter((line) => !expected.some((pattern) => pattern.test(line)));
      [seen, expected] = [[], []];
      return unexpected;
    },
  };
}
