// Looking again at who is here, whenever the directory has changed.

import type { Notifier } from '../store/notify.ts';

/**
 * Calls `look` after each change of the directory, and where news of one may have been missed. Changes come in droves:
 * whatever comes while one look runs is seen by one more. What `look` throws goes to `onError`, and ends nothing. Answers
 * what ends it.
 */
export function recheckOnChange(
  notifier: Pick<Notifier, 'on' | 'off'>,
  look: () => Promise<void>,
  onError: (error: unknown) => void,
): () => void {
  let due = false;
  let running = false;
  const run = async (): Promise<void> => {
    running = true;
    while (due) {
      due = false;
      await look().catch(onError);
    }
    running = false;
  };
  const hear = (): void => {
    due = true;
    if (!running) void run();
  };
  notifier.on('directory', hear).on('resync', hear);
  return () => void notifier.off('directory', hear).off('resync', hear);
}
