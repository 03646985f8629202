// How many recalls, how quick, and what came of them.

import { Field, makeStyles, Select, Text, tokens } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState, type ReactNode } from 'react';
import { ON_PHONE } from '../../app/theme.ts';
import { useJmap } from '../../app/session.tsx';
import { ThinFamilyBar } from '../../recall/Families.tsx';
import { FamilyIcon } from '../../recall/FamilyIcon.tsx';
import { countFamilies, decidedOf, duration, FAMILIES, FAMILY_LABEL, figure, type Counts } from '../../recall/words.ts';
import { useAdministrator } from '../administrator.ts';
import { Bars, Figure, Times, TimesMark } from '../charts.tsx';
import { Empty, Waiting } from '../parts/Page.tsx';
import { type Column, Table } from '../parts/Table.tsx';
import { Problem } from '../../parts/Problem.tsx';
import { sentenceOfError } from '../../parts/sentence.ts';
import { periodsOf, type Period } from '../scales.ts';

const useStyles = makeStyles({
  part: { display: 'flex', flexDirection: 'column', gap: '20px' },
  head: { display: 'flex', alignItems: 'end', justifyContent: 'space-between', gap: '16px', flexWrap: 'wrap' },
  choice: { width: '180px', [ON_PHONE]: { width: '100%' } },
  tiles: {
    margin: 0,
    display: 'grid',
    gridTemplateColumns: 'repeat(4, minmax(0, 1fr))',
    gap: '12px',
    '@media (max-width: 899.98px)': { gridTemplateColumns: 'repeat(2, minmax(0, 1fr))' },
  },
  tile: {
    display: 'flex',
    flexDirection: 'column',
    gap: '2px',
    padding: '12px 16px',
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
    fontVariantNumeric: 'tabular-nums',
    [ON_PHONE]: { padding: '12px' },
  },
  name: {
    color: tokens.colorNeutralForeground2,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase200,
  },
  value: {
    margin: 0,
    fontSize: tokens.fontSizeHero700,
    lineHeight: tokens.lineHeightHero700,
    fontWeight: 600,
    [ON_PHONE]: { fontSize: tokens.fontSizeBase500, lineHeight: tokens.lineHeightBase500 },
  },
  below: {
    margin: 0,
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase200,
  },
  charts: {
    display: 'grid',
    gridTemplateColumns: 'repeat(2, minmax(0, 1fr))',
    gap: '24px 32px',
    '@media (max-width: 899.98px)': { gridTemplateColumns: 'minmax(0, 1fr)' },
  },
  wide: { gridColumn: '1 / -1' },
  key: { display: 'inline-flex', alignItems: 'center', gap: '6px' },
});

interface Quantiles {
  p50: number | null;
  p95: number | null;
}

interface Statistics {
  recalls: number;
  byAdministrator: number;
  underWay: number;
  recipients: number;
  counts: Counts;
  gateMs: Quantiles;
  doneMs: Quantiles;
}

type Row = Statistics & Period;

const SPANS = [
  [7, 'The last 7 days'],
  [30, 'The last 30 days'],
  [90, 'The last 90 days'],
  [364, 'The last 52 weeks'],
] as const;

/** Asked for again with the list below it. */
const AGAIN_MS = 10_000;

export function Figures(): ReactNode {
  const styles = useStyles();
  const jmap = useJmap();
  const { accountId } = useAdministrator();
  const [days, setDays] = useState(30);
  const today = new Date().toDateString();
  const { bounds, periods } = useMemo(() => periodsOf(days, new Date(today)), [days, today]);
  const { data, error } = useQuery({
    // Under a name of its own: it is counted anew now and then, not whenever a recall has come further.
    queryKey: [accountId, 'AdminStatistics', bounds],
    queryFn: () =>
      jmap.call<{ periods: Statistics[]; total: Statistics }>('AdminRecall/statistics', { accountId, bounds }),
    staleTime: 0,
    refetchInterval: AGAIN_MS,
  });
  const rows = useMemo(
    () => (data?.periods ?? []).flatMap((one, i): Row[] => (periods[i] ? [{ ...periods[i], ...one }] : [])),
    [data, periods],
  );
  return (
    <div className={styles.part}>
      <div className={styles.head}>
        <Field label="Figures of" className={styles.choice}>
          <Select value={String(days)} onChange={(_, { value }) => setDays(Number(value))}>
            {SPANS.map(([span, name]) => (
              <option key={span} value={span}>
                {name}
              </option>
            ))}
          </Select>
        </Field>
      </div>
      {error && !data && <Problem>{sentenceOfError(error)}</Problem>}
      {!data && !error && <Waiting what="Figures" />}
      {data && data.total.recalls === 0 && <Empty>No recall in this time.</Empty>}
      {data && data.total.recalls > 0 && (
        <>
          <Tiles total={data.total} />
          <Charts rows={rows} total={data.total} isWeekly={days > 100} />
        </>
      )}
    </div>
  );
}

const share = (part: number, whole: number): string =>
  whole === 0 ? '–' : part === whole ? '100%' : `${(Math.floor((part / whole) * 1000) / 10).toFixed(1)}%`;

const time = (ms: number | null): string => (ms === null ? '–' : duration(ms));

const half = ({ p50 }: Quantiles): string => (p50 === null ? 'None yet' : `Half within ${duration(p50)}`);

function Tiles({ total }: { total: Statistics }): ReactNode {
  const styles = useStyles();
  const { back } = countFamilies(total.counts);
  const decided = decidedOf(total.counts);
  const who =
    total.byAdministrator === 0 ? 'None by administrators' : `${figure(total.byAdministrator)} by administrators`;
  const tiles = [
    ['Recalls', figure(total.recalls), total.underWay > 0 ? `${who}, ${figure(total.underWay)} under way` : who],
    ['Taken back', share(back, decided), `${figure(back)} of ${figure(decided)} recipients`],
    ['To the gate, p95', time(total.gateMs.p95), half(total.gateMs)],
    ['To the last outcome, p95', time(total.doneMs.p95), half(total.doneMs)],
  ] as const;
  return (
    <dl className={styles.tiles}>
      {tiles.map(([name, value, below]) => (
        <div key={name} className={styles.tile}>
          <dt className={styles.name}>{name}</dt>
          <dd className={styles.value}>{value}</dd>
          <dd className={styles.below}>{below}</dd>
        </div>
      ))}
    </dl>
  );
}

function Charts({ rows, total, isWeekly }: { rows: readonly Row[]; total: Statistics; isWeekly: boolean }): ReactNode {
  const styles = useStyles();
  const each = isWeekly ? 'a week' : 'a day';
  const when: Column<Row> = {
    header: isWeekly ? 'Week from' : 'Day',
    lead: true,
    nowrap: true,
    cell: ({ label }) => label,
  };
  const some = rows.filter(({ recalls }) => recalls > 0);
  const sums = countFamilies(total.counts);
  const decided = decidedOf(total.counts);
  return (
    <div className={styles.charts}>
      <Figure
        caption={`Recalls ${each}`}
        table={
          <Table
            label={`Recalls ${each}`}
            rows={some}
            keyOf={({ label }) => label}
            columns={[
              when,
              { header: 'Recalls', end: true, cell: ({ recalls }) => figure(recalls) },
              { header: 'By administrators', end: true, cell: ({ byAdministrator }) => figure(byAdministrator) },
              { header: 'Recipients', end: true, cell: ({ recipients }) => figure(recipients) },
            ]}
          />
        }
      >
        <Bars
          points={rows.map(({ label, recalls }) => ({ label, value: recalls }))}
          says={({ label, value }) => `${label}: ${figure(value)}`}
        />
      </Figure>
      <Figure
        caption={`Time, p95 ${each}`}
        legend={[
          [<TimesMark key="0" which={0} />, 'to the gate'],
          [<TimesMark key="1" which={1} />, 'to the last outcome'],
        ]}
        table={
          <Table
            label={`Time, p95 ${each}`}
            rows={some}
            keyOf={({ label }) => label}
            columns={[
              when,
              { header: 'To the gate', end: true, cell: ({ gateMs }) => time(gateMs.p95) },
              { header: 'To the last outcome', end: true, cell: ({ doneMs }) => time(doneMs.p95) },
            ]}
          />
        }
      >
        <Times
          labels={rows.map(({ label }) => label)}
          series={[
            { name: 'To the gate', values: rows.map(({ gateMs }) => gateMs.p95) },
            { name: 'To the last outcome', values: rows.map(({ doneMs }) => doneMs.p95) },
          ]}
          says={(name, label, ms) => `${label}: ${name.toLowerCase()} ${duration(ms)}`}
        />
      </Figure>
      {decided > 0 && (
        <div className={styles.wide}>
          <Figure
            caption="What became of recipients"
            legend={FAMILIES.filter((family) => sums[family] > 0).map((family) => [
              <FamilyIcon key={family} family={family} />,
              `${FAMILY_LABEL[family]} ${figure(sums[family])}`,
            ])}
            table={
              <Table
                label="What became of recipients"
                rows={FAMILIES.map((family) => ({ family, count: sums[family] }))}
                keyOf={({ family }) => family}
                columns={[
                  {
                    header: 'Outcome',
                    lead: true,
                    cell: ({ family }) => (
                      <Text className={styles.key}>
                        <FamilyIcon family={family} />
                        {FAMILY_LABEL[family]}
                      </Text>
                    ),
                  },
                  { header: 'Recipients', end: true, cell: ({ count }) => figure(count) },
                  { header: 'Share', end: true, cell: ({ count }) => share(count, decided) },
                ]}
              />
            }
          >
            <ThinFamilyBar counts={total.counts} total={decided} />
          </Figure>
        </div>
      )}
    </div>
  );
}
