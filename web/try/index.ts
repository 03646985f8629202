export { TryPage } from './TryPage.tsx';
