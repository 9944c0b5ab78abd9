// Errors that tests cause on purpose are noise: functions that a test calls directly log nothing.
// Set the level to see the log.
process.env.POWERTOOLS_LOG_LEVEL ??= "SILENT";
