#!/usr/bin/env node
import { runCommandLine } from './command-line.ts';
import { COMMANDS } from './commands.ts';
import { processTerminal } from './terminal.ts';

process.exitCode = await runCommandLine(COMMANDS, process.argv.slice(2), processTerminal());
