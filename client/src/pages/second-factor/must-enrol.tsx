// All that an owner sees who has to set up a second factor first.

import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useRefreshSecondFactor } from '../../api/second-factor.ts';
import { useSignOut } from '../../api/session.ts';
import { FrontDoor } from '../../shell/front-door.tsx';
import { notifyError } from '../../ui/notify.ts';
import { Enrol } from './enrol.tsx';

export function MustEnrol({ onDone }: { readonly onDone: () => void }) {
  const { t } = useTranslation();
  const refresh = useRefreshSecondFactor();
  const signOut = useSignOut();
  return (
    <FrontDoor title={t('secondFactor.setUp')} text={t('secondFactor.mustText')}>
      <Enrol onDone={() => void refresh().then(onDone)} />
      <Button variant="subtle" color="gray" onClick={() => signOut.mutate(undefined, { onError: notifyError })}>
        {t('signOut')}
      </Button>
    </FrontDoor>
  );
}
