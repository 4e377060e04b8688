internal import AttestationFormat
internal import ConfigurationFile

/// node.conf as documentation: what Firmware-Config/node.conf is made of.
public enum NodeConfigurationExample {
    /// The file's text.
    public static var text: String {
        NodeConfigurationSchema.schema.exampleFile(
            title: "node.conf: one anchoring node. Every key with its default and why; unknown keys are errors."
        ).string
    }

    public static var result: CommandResult { CommandResult(output: text) }
}
