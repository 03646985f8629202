export { DEFAULT_POLICY, type Policy } from '../mail/policy.ts';
