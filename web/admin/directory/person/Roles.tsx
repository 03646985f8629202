import { Checkbox, makeStyles, Text, tokens } from '@fluentui/react-components';
import { useState, type ReactNode } from 'react';
import { GIVEN_ROLES } from '../../../../src/mail/roles.ts';
import { Form } from '../../../parts/Form.tsx';
import { useAdministrator } from '../../administrator.ts';
import { Empty } from '../../parts/Page.tsx';
import { ROLE } from '../data.ts';
import { useChange, type PartProps } from './change.ts';

const useStyles = makeStyles({
  options: { display: 'flex', flexDirection: 'column', gap: '4px', marginLeft: '-8px' },
  option: { display: 'flex', flexDirection: 'column' },
  hint: { color: tokens.colorNeutralForeground3, paddingLeft: '36px' },
  list: { margin: 0, paddingLeft: '20px' },
});

export function Roles({ account }: PartProps): ReactNode {
  const styles = useStyles();
  const { may } = useAdministrator();
  const change = useChange(account);
  const given = account.roles.filter((role) => role !== 'user');
  const [roles, setRoles] = useState(given);
  if (!may('give-roles')) {
    return given.length === 0 ? (
      <Empty>None: a user as everybody is.</Empty>
    ) : (
      <ul className={styles.list}>
        {given.map((role) => (
          <li key={role}>{`${ROLE[role][0]}: ${ROLE[role][1]}`}</li>
        ))}
      </ul>
    );
  }
  const isSame = GIVEN_ROLES.every((role) => roles.includes(role) === given.includes(role));
  return (
    <Form label="Roles" disabled={isSame} onSave={() => change({ roles })}>
      <div className={styles.options}>
        {GIVEN_ROLES.map((role) => (
          <div key={role} className={styles.option}>
            <Checkbox
              label={ROLE[role][0]}
              aria-describedby={`says-${role}`}
              checked={roles.includes(role)}
              onChange={(_, { checked }) =>
                setRoles(checked === true ? [...roles, role] : roles.filter((one) => one !== role))
              }
            />
            <Text size={200} id={`says-${role}`} className={styles.hint}>
              {ROLE[role][1]}
            </Text>
          </div>
        ))}
      </div>
    </Form>
  );
}
