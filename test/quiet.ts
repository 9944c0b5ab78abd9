// The faults that tests bring about on purpose are not news: functions that a test calls itself log
// nothing. Whoever wants to see it all sets the level.
process.env.POWERTOOLS_LOG_LEVEL ??= "SILENT";
