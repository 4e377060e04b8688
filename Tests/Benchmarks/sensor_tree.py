"""A folder that looks like sysfs with four thermometers, for the agent's `hwmon` source and for its peers."""
SENSOR_COUNT = 4


class SensorTree:
    """`files` are what a driver shows, in m°C; ``values`` gives them other values."""

    def __init__(self, folder):
        self.folder = folder
        self.files = []
        for number in range(SENSOR_COUNT):
            device = folder / f"class/hwmon/hwmon{number}"
            device.mkdir(parents=True)
            (device / "name").write_text(f"bench{number}\n")
            self.files.append(device / "temp1_input")
        self.values(0)

    def values(self, turn):
        for number, file in enumerate(self.files):
            file.write_text(f"{4_000 + 250 * number + 10 * (turn % 50)}\n")

    def agent_sections(self, period, summary):
        """Sources and sensors of agent.conf."""
        return "\n".join(f"""\
[source.air-{number}]
type = hwmon
device = bench{number}
period = {period}
sysfs = {self.folder}
[sensor.air-{number}]
quantity = temperature
period = {period}
summary = {summary}
""" for number in range(SENSOR_COUNT))

    def collectd_section(self):
        """collectd's table plugin reads any file of columns."""
        tables = "".join(f"""\
  <Table "{file}">
    Instance "air{number}"
    Separator " "
    <Result>
      Type gauge
      InstancePrefix "t"
      ValuesFrom 0
    </Result>
  </Table>
""" for number, file in enumerate(self.files))
        return f"LoadPlugin table\n<Plugin table>\n{tables}</Plugin>\n"
