public import AttestationFormat
internal import ConfigurationFile

/// What a running agent takes of a changed configuration on SIGHUP: `[batches]`, `[journal] sync-interval`,
/// `[log]`, sensors and rules. Everything else has files, sockets or keys open.
extension AgentConfiguration {
    /// Takes what may change while running; `resolved` says what is in force then.
    ///
    /// - Returns: the settings that differ and wait for the next start, as `section.key`, for the operator.
    public mutating func adopt(_ new: AgentConfiguration) -> [UTF8Text] {
        batches = new.batches
        journal.keepsUntilArchived = new.journal.keepsUntilArchived
        journal.syncIntervalMilliseconds = new.journal.syncIntervalMilliseconds
        log = new.log
        sensors = new.sensors
        rules = new.rules
        let waiting = Self.differences(resolved.fixedRows, new.resolved.fixedRows)
        resolved = waiting.isEmpty ? new.resolved : resolved.adopting(new.resolved)
        return waiting
    }

    private static func differences(_ old: [ResolvedConfiguration.Row], _ new: [ResolvedConfiguration.Row]) -> [UTF8Text] {
        func names(_ rows: [ResolvedConfiguration.Row], missingFrom others: [ResolvedConfiguration.Row]) -> [UTF8Text] {
            rows.filter { row in
                !others.contains { $0.setting.key == row.setting.key && $0.section == row.section && $0.value == row.value }
            }.map { $0.section + "." + $0.setting.key }
        }
        let changed = names(new, missingFrom: old)
        return changed + names(old, missingFrom: new).filter { name in !changed.contains { $0 == name } }
    }
}

extension ResolvedConfiguration.Row {
    fileprivate var isOfSensors: Bool { section.hasPrefix("sensor.") || section.hasPrefix("rule.") }

    fileprivate var isAdopted: Bool {
        isOfSensors || section == "batches" || section == "log" || section == "journal" && setting.key == "sync-interval"
    }
}

extension ResolvedConfiguration {
    fileprivate var fixedRows: [Row] { rows.filter { !$0.isAdopted } }

    /// These rows with the adopted ones of another configuration. Sensors and rules end the table.
    fileprivate func adopting(_ new: ResolvedConfiguration) -> ResolvedConfiguration {
        let kept = rows.filter { !$0.isOfSensors }.map { $0.isAdopted ? new.row($0.section, $0.setting.key) ?? $0 : $0 }
        return ResolvedConfiguration(rows: kept + new.rows.filter { $0.isOfSensors })
    }
}
