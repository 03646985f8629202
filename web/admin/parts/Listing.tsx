// A list of the organisation's that goes on where its end was: what went wrong, that it is on its way, that there is nothing,
// or a table.

import { Button, makeStyles } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { Problem } from '../../parts/Problem.tsx';
import { sentenceOfError } from '../../parts/sentence.ts';
import { Empty, Waiting } from './Page.tsx';
import { Table, type TableProps } from './Table.tsx';

const useStyles = makeStyles({ more: { alignSelf: 'flex-start' } });

export interface ListingProps<T> extends Omit<TableProps<T>, 'rows'> {
  list: {
    data: readonly T[] | undefined;
    error: Error | null;
    isFetching: boolean;
    hasNextPage: boolean;
    fetchNextPage(): Promise<unknown>;
  };
  /** What is said where there is nothing. */
  none: ReactNode;
}

export function Listing<T>({ list, none, ...table }: ListingProps<T>): ReactNode {
  const styles = useStyles();
  const { data, error, isFetching, hasNextPage, fetchNextPage } = list;
  return (
    <>
      {error && !data && <Problem>{sentenceOfError(error)}</Problem>}
      {!data && !error && <Waiting what={table.label} />}
      {data?.length === 0 && <Empty>{none}</Empty>}
      {data && data.length > 0 && <Table {...table} rows={data} />}
      {hasNextPage && (
        <Button className={styles.more} disabledFocusable={isFetching} onClick={() => void fetchNextPage()}>
          Show more
        </Button>
      )}
    </>
  );
}
