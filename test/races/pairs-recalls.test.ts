// The steps of a recall, stopped, and every operation beside it.

import { meetAll } from './pairs.ts';

const FIRST = new Set(['gate', 'second recall', 'sweep', 'cancel', 'asking for a restore', 'restore', 'replace']);

meetAll((first) => FIRST.has(first.name));
