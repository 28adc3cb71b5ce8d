using System.Text.RegularExpressions;

namespace McpPortal.Servers;

/// <summary>Which variables a server may declare, and the few every child gets.</summary>
internal static partial class EnvironmentRules
{
    // Linux ends exec with "argument list too long" at 128 KiB per string.
    private const int LongestValue = 64 * 1024;

    // Each of these makes some loader, interpreter or tool run, load or trust something else.
    private static readonly string[] Prefixes =
    [
        "LD_", "GLIBC_", "MALLOC_", "LIBMOUNT_", "LIBBLKID_", "LIBSMARTCOLS_",
        "NODE_OPTIONS", "NODE_PATH", "NODE_EXTRA_", "NODE_TLS_", "NODE_REPL", "NPM_", "YARN_", "PNPM_", "BUN_",
        "PYTHON", "PIP_", "UV_", "PERL", "RUBY", "GEM_", "BUNDLE_", "PHP", "LUA_",
        "JAVA_", "_JAVA", "JDK_", "CLASSPATH",
        "DOTNET_", "COMPLUS_", "CORECLR_", "COR_", "ASPNETCORE_", "NUGET_", "MSBUILD",
        "BASH_", "GIT_", "SSH_", "OPENSSL_", "SSL_CERT_", "CURL_", "XDG_", "KRB5", "SYSTEMD_",
    ];

    private static readonly HashSet<string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        "PATH", "HOME", "PWD", "OLDPWD", "SHELL", "USER", "LOGNAME", "LANG", "LANGUAGE", "TMPDIR", "TMP", "TEMP", "TERM", "ENV", "IFS", "CDPATH", "PS4",
        "SHELLOPTS", "BASHOPTS", "PROMPT_COMMAND", "GCONV_PATH", "LOCPATH", "NLSPATH", "TZDIR", "HOSTALIASES", "LOCALDOMAIN", "RES_OPTIONS", "RESOLV_HOST_CONF",
        "EDITOR", "VISUAL", "PAGER", "BROWSER", "LESSOPEN", "LESSCLOSE",
    };

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]{0,127}$", RegexOptions.NonBacktracking)]
    private static partial Regex Name { get; }

    /// <summary>Why this name cannot be declared, or null. Also for the page on which an admin writes a template.</summary>
    public static string? RefuseName(string name)
    {
        // "$" also matches before a final newline.
        if (!Name.IsMatch(name) || name.EndsWith('\n'))
        {
            return "A variable's name is made of letters, digits and _ and does not start with a digit.";
        }

        return Names.Contains(name)
            || name.EndsWith("_PROXY", StringComparison.OrdinalIgnoreCase)
            || name.StartsWith("LC_", StringComparison.OrdinalIgnoreCase)
            || Array.Exists(Prefixes, prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            ? $"The variable {name} changes which program runs or what it trusts, so a server cannot declare it."
            : null;
    }

    /// <summary>Why this value cannot be given to a child, or null.</summary>
    public static string? RefuseValue(string name, string value) =>
        value.Contains('\0', StringComparison.Ordinal) ? $"The value of {name} contains a character no variable can hold."
        : value.Length > LongestValue ? $"The value of {name} is longer than {LongestValue / 1024} KB."
        : null;

    public static Dictionary<string, string> Base(string path, string home) => new(StringComparer.Ordinal)
    {
        ["PATH"] = path,
        ["LANG"] = "C.UTF-8",
        ["HOME"] = home,
        ["TMPDIR"] = home,
    };
}
