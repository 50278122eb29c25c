// The button beside a field that offers the variables, and the tree it opens.

import { ActionIcon, Popover, Tooltip } from '@mantine/core';
import { IconVariable } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { VariableList } from './variable-list.tsx';
import { useVariables } from './variable-source.tsx';

export interface VariablePickerProps {
  /** The field that it inserts into, for screen readers. */
  readonly field: string;
  /** The field takes the focus. @param template what goes between the braces */
  onPick(template: string): void;
  readonly disabled?: boolean;
}

/** Nothing outside of an editor: there are no variables. */
export function VariablePicker({ field, onPick, disabled = false }: VariablePickerProps) {
  const { t } = useTranslation('variables');
  const source = useVariables();
  const [opened, setOpened] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  if (source === null) return null;
  const label = t('insert', { field });
  return (
    <Popover
      opened={opened}
      onChange={(isOpen) => {
        setOpened(isOpen);
        // By hand: after a choice the field has the focus, and must keep it.
        if (!isOpen) button.current?.focus();
      }}
      position="bottom-end"
      width={400}
      trapFocus
      withinPortal
      shadow="md"
    >
      <Popover.Target>
        <Tooltip label={t('insertShort')} disabled={opened}>
          <ActionIcon
            ref={button}
            variant="subtle"
            color="gray"
            size="sm"
            aria-label={label}
            disabled={disabled}
            onClick={() => setOpened(!opened)}
          >
            <IconVariable size={16} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown p="xs" maw="calc(100vw - 24px)" aria-label={label}>
        <VariableList
          source={source}
          onPick={(template) => {
            setOpened(false);
            onPick(template);
          }}
        />
      </Popover.Dropdown>
    </Popover>
  );
}
