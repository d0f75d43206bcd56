/** How commands are declared, and what their actions are given. */
import type { Command } from 'commander';
import type { Installation } from './installation.ts';

export interface ProgramParts {
  readonly installation: Installation;
  readonly version: string;
}

/** What a command's action is given. */
export interface Call extends ProgramParts {
  readonly done: (exitCode: number) => void;
}

export interface CommandEntry {
  readonly name: string;
  readonly add: (program: Command, call: Call) => void;
  /** Options behind the command are its own: `-v` is not the version there. */
  readonly ownsItsOptions?: boolean;
}
