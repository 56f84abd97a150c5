#!/usr/bin/env node
// Users in a table of PostgreSQL, SQLAuth's or any other: `authent_process <this file> -config FILE`.
import { runConfigured } from './config-program.js'
import { readSqlSettings } from './sql-settings.js'
import { sqlSource } from './sql-source.js'

runConfigured('sql.js', (config, complain) => sqlSource(readSqlSettings(config), complain))
