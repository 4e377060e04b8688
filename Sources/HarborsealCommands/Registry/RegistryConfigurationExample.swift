internal import AttestationFormat
internal import ConfigurationFile

/// registry.conf as documentation: what Firmware-Config/registry.conf is made of.
public enum RegistryConfigurationExample {
    /// The file's text.
    public static var text: String {
        RegistryConfigurationSchema.schema.exampleFile(
            title: "registry.conf: one device registry. Every key with its default and why; unknown keys are errors."
        ).string
    }

    public static var result: CommandResult { CommandResult(output: text) }
}
