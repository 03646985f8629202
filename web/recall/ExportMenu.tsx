// A recall's report as a file.

import { Button, Menu, MenuItem, MenuList, MenuPopover, MenuTrigger } from '@fluentui/react-components';
import { ArrowDownloadRegular } from '@fluentui/react-icons';
import { use, useState, type ReactNode } from 'react';
import { saveFile } from '../app/file.ts';
import { useJmap } from '../app/session.tsx';
import type { Jmap } from '../jmap/client.ts';
import { everyOutcome, type OutcomeType, type RecallOutcome } from './data.ts';
import { exported, fileName, type Format } from './export.ts';
import { OutcomesOf } from './useOutcomes.ts';
import { figure } from './words.ts';

export interface ExportMenuProps {
  accountId: string;
  recall: { id: string; subject: string | null };
  /** Runs it and tells what went wrong. */
  act(work: () => Promise<void>): Promise<void>;
}

export function ExportMenu({ accountId, recall, act }: ExportMenuProps): ReactNode {
  const jmap = useJmap();
  const type = use(OutcomesOf);
  const [rows, setRows] = useState<number | null>(null);
  const save = async (format: Format): Promise<void> => {
    setRows(0);
    try {
      await saveReport({ jmap, accountId, type, recall, format, onRows: setRows });
    } finally {
      setRows(null);
    }
  };
  return (
    <Menu>
      <MenuTrigger disableButtonEnhancement>
        <Button icon={<ArrowDownloadRegular />} disabledFocusable={rows !== null}>
          {rows === null ? 'Export' : `Exporting… ${figure(rows)}`}
        </Button>
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          <MenuItem onClick={() => void act(async () => save('csv'))}>CSV</MenuItem>
          <MenuItem onClick={() => void act(async () => save('json'))}>JSON</MenuItem>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

interface Saving {
  jmap: Jmap;
  accountId: string;
  type: OutcomeType;
  recall: ExportMenuProps['recall'];
  format: Format;
  onRows(count: number): void;
}

async function saveReport({ jmap, accountId, type, recall, format, onRows }: Saving): Promise<void> {
  let count = 0;
  const counted = async function* (): AsyncGenerator<RecallOutcome[]> {
    for await (const rows of everyOutcome(jmap, accountId, { recallId: recall.id }, type)) {
      yield rows;
      count += rows.length;
      onRows(count);
    }
  };
  const parts = await Array.fromAsync(exported(format, counted()));
  const mime = format === 'csv' ? 'text/csv' : 'application/json';
  saveFile(new Blob(parts, { type: mime }), fileName(recall.subject, format));
}
