public import AttestationFormat

extension ConfigurationSchema {
    /// The example file: every key with its kind, its default and why. Keys with a default stand as comments.
    ///
    /// A comment has a space after its `#`, a key that is switched off has none: taking away the `#` switches it on.
    public func exampleFile(title: UTF8Text) -> UTF8Text {
        var builder = TextBuilder()
        builder.comment(title)
        for note in notes {
            builder.line()
            builder.comment(note.text)
            guard !note.examples.isEmpty else {
                builder.line("[" + note.section + "]")
                write(settings.filter { $0.section == note.section }, isActive: true, to: &builder)
                continue
            }
            for (index, example) in note.examples.enumerated() {
                if index > 0 { builder.line() }
                builder.line((example.isActive ? "" : "#") + "[" + example.section + "]")
                let shown = settings.filter {
                    $0.section == note.section && ($0.condition == nil || $0.condition == example.condition)
                }
                write(shown, selecting: example.condition, isActive: example.isActive, to: &builder)
            }
        }
        return builder.text
    }

    private func write(
        _ shown: [Setting], selecting condition: Setting.Condition? = nil, isActive: Bool, to builder: inout TextBuilder
    ) {
        for setting in shown {
            builder.line()
            builder.comment(setting.why)
            let isSelector = condition?.key == setting.key
            let value = isSelector ? condition?.value ?? "" : setting.defaultText ?? setting.example
            builder.comment("(" + setting.kind.explanation + "; " + setting.absenceExplanation + ")")
            builder.line((isSelector && isActive ? "" : "#") + setting.key + " = " + value)
        }
    }

    /// The documentation: a table for each section, in Markdown.
    public func markdown(title: UTF8Text) -> UTF8Text {
        var builder = TextBuilder()
        builder.line("# " + title)
        for note in notes {
            builder.line()
            builder.line("## [" + note.section + "]")
            builder.line(note.text)
            builder.line()
            builder.line("| Key | Value | Default | Why |")
            builder.line("|---|---|---|---|")
            for setting in settings where setting.section == note.section {
                let condition = setting.condition.map { " (" + $0.key + " = " + $0.value + ")" } ?? ""
                builder.line(
                    "| `" + setting.key + "`" + condition + " | " + setting.kind.explanation + " | "
                        + setting.defaultCell + " | " + setting.why + " |")
            }
        }
        return builder.text
    }
}

extension Setting {
    var absenceExplanation: UTF8Text {
        switch absence {
        case .defaultText(let text): "default " + text.text
        case .unset: "not set by default"
        case .refused: "required"
        }
    }

    var defaultCell: UTF8Text {
        switch absence {
        case .defaultText(let text): "`" + text.text + "`"
        case .unset: "not set"
        case .refused: "required"
        }
    }
}
