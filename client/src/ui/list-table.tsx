// The table of a list page: a card that scrolls sideways when it must, with headings of which some show on wide screens only.

import { Box, Table } from '@mantine/core';
import type { ReactNode } from 'react';

export interface Column {
  readonly label: string;
  /** Its cells must say the same (`Table.Td visibleFrom`). */
  readonly visibleFrom?: 'sm' | 'md';
  /** Said, not shown: the column of buttons. */
  readonly isHidden?: boolean;
  readonly width?: string;
}

export interface ListTableProps {
  readonly columns: readonly Column[];
  /** The rows. */
  readonly children: ReactNode;
  readonly verticalSpacing?: 'xs' | 'sm';
  /** In pixels; default as wide as there is room. */
  readonly maxWidth?: number;
  /** What is shown is about to be replaced. */
  readonly isBusy?: boolean;
}

export function ListTable({ columns, children, verticalSpacing = 'sm', maxWidth, isBusy = false }: ListTableProps) {
  return (
    <Box
      className="hl-card"
      style={{ overflowX: 'auto' }}
      {...(maxWidth === undefined ? {} : { maw: maxWidth })}
      aria-busy={isBusy}
    >
      <Table verticalSpacing={verticalSpacing} horizontalSpacing="md" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            {columns.map(({ label, visibleFrom, isHidden, width }) => (
              <Table.Th
                key={label}
                {...(visibleFrom === undefined ? {} : { visibleFrom })}
                {...(width === undefined ? {} : { w: width })}
              >
                {isHidden ? <span className="mantine-visually-hidden">{label}</span> : label}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{children}</Table.Tbody>
      </Table>
    </Box>
  );
}
