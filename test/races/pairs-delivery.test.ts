// Delivering and sending, stopped, and every operation beside it.

import { meetAll } from './pairs.ts';

const FIRST = new Set(['deliver', 'claim and send']);

meetAll((first) => FIRST.has(first.name));
