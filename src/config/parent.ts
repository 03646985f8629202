// `npm start` is one thing to whoever typed it: when npm is gone, killed with -9 even, Homing must not live on holding its
// ports. Started in any other way (bin/homing, a service manager, nohup) it does not care who its parent is.

const INTERVAL_MS = 250;

/**
 * Calls `fn` once, within a quarter of a second, when the process that started this one is gone. Does nothing unless npm
 * started it or HOMING_PARENT=1 asks for it. Never keeps the process alive by itself.
 *
 * npm's scripts say `exec node …`, so that npm is the parent itself: a shell between the two would survive npm, and would
 * keep SIGTERM to itself.
 */
export function onParentGone(fn: () => void, env: NodeJS.ProcessEnv = process.env): void {
  if (env['npm_lifecycle_event'] === undefined && env['HOMING_PARENT'] !== '1') return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    fn();
  }, INTERVAL_MS);
  timer.unref();
}
