// The system's own dialog for files, opened by a button elsewhere.

import type { ReactNode, RefObject } from 'react';

interface PickerProps {
  at: RefObject<HTMLInputElement | null>;
  accept?: string;
  onFiles(list: File[]): void;
}

export function Picker({ at, accept, onFiles }: PickerProps): ReactNode {
  return (
    <input
      ref={at}
      type="file"
      multiple
      hidden
      accept={accept}
      aria-label={accept ? 'Pictures' : 'Files'}
      onChange={(event) => {
        onFiles([...(event.target.files ?? [])]);
        event.target.value = '';
      }}
    />
  );
}
