namespace McpPortal.Sessions.Stdio;

/// <summary>Finds the file of a command without a shell, a relative path or anything a user can set.</summary>
internal static class ProgramFile
{
    public static string Find(string command, string path)
    {
        if (command.Length == 0 || command.Contains('\0', StringComparison.Ordinal) || command is "." or "..")
        {
            throw new StdioRefusedException("The server has no command. An administrator has to correct it.");
        }

        if (!command.Contains('/', StringComparison.Ordinal))
        {
            foreach (var folder in path.Split(':'))
            {
                var candidate = $"{folder}/{command}";
                if (File.Exists(candidate))
                {
                    return Check(candidate, command);
                }
            }

            throw new StdioRefusedException($"The program {command} is not installed where the portal looks for programs ({path}).");
        }

        if (!command.StartsWith('/') || Path.GetFullPath(command) != command)
        {
            throw new StdioRefusedException($"The command {command} is not a plain absolute path. An administrator has to correct it.");
        }

        return File.Exists(command) ? Check(command, command) : throw new StdioRefusedException($"The program {command} is not there.");
    }

    private static string Check(string file, string command)
    {
        if (OperatingSystem.IsWindows())
        {
            return file;
        }

        var target = File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName ?? file;
        var mode = File.GetUnixFileMode(target);
        if ((mode & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) == UnixFileMode.None)
        {
            throw new StdioRefusedException($"The file {command} is not a program.");
        }

        if ((mode & UnixFileMode.OtherWrite) != UnixFileMode.None)
        {
            throw new StdioRefusedException($"Everybody on this machine may change the program {command}, so it is not run.");
        }

        return file;
    }
}
