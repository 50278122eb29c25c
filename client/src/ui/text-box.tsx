// A text as it is, in a box that scrolls; the keyboard reaches it.

import { Box } from '@mantine/core';
import './text-box.css';

export interface TextBoxProps {
  readonly text: string;
  /** What it is, for screen readers. */
  readonly label: string;
  /** In pixels; default 260. */
  readonly maxHeight?: number;
}

export function TextBox({ text, label, maxHeight = 260 }: TextBoxProps) {
  return (
    <Box component="pre" className="hl-text-box" mah={maxHeight} tabIndex={0} role="region" aria-label={label}>
      {text}
    </Box>
  );
}
