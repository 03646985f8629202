// The composer's door. What it needs is loaded when the first composer opens.

export { openComposer, type ComposeRequest } from './requests.ts';
export { ComposePage, ComposerHost, UndoBar } from './hosts.tsx';
