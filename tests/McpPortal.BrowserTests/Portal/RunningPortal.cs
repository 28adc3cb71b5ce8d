using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using McpPortal.Sandbox;
using McpPortal.Tests.Rig;

namespace McpPortal.BrowserTests.Portal;

/// <summary>The whole portal as a newcomer starts it: <c>infra/run</c> with a data folder and ports of its own.</summary>
internal sealed class RunningPortal : IAsyncDisposable
{
    private const int SigTerm = 15;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Process _process;

    private RunningPortal(string data, int port, int sandboxPort, int elsewherePort, params ReadOnlySpan<string> more)
    {
        (Data, Port, SandboxPort, ElsewherePort) = (data, port, sandboxPort, elsewherePort);
        _process = new Process
        {
            StartInfo = new ProcessStartInfo(
                Path.Combine(Repository.Root, "infra", "run"),
                ["--port", Text(port), "--sandbox-port", Text(sandboxPort), "--data", data, "--no-build", .. more])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            },
            EnableRaisingEvents = true,
        };

        // Everything is logged, and searched for secrets in the end.
        foreach (var category in (string[])["Default", "Microsoft.AspNetCore", "Microsoft.EntityFrameworkCore"])
        {
            _process.StartInfo.Environment[$"Logging__LogLevel__{category}"] = "Trace";
        }

        foreach (var (name, value) in (IEnumerable<(string, string)>)[("Issuer", Elsewhere), ("Audience", "mcp-portal"), ("ClientId", "portal"), ("ClientSecret", new SandboxOptions().Portal.Secret)])
        {
            _process.StartInfo.Environment[$"Access__Issuers__0__{name}"] = value;
        }

        _process.StartInfo.Environment["Outbound__AllowedHosts__20"] = new Uri(Elsewhere).Authority;
        _process.OutputDataReceived += (_, line) => OnLine(line.Data);
        _process.ErrorDataReceived += (_, line) => OnLine(line.Data);
        _process.Exited += (_, _) => _ready.TrySetException(new InvalidOperationException($"infra/run ended before the portal was ready:\n{Output}"));
    }

    public string Data { get; }

    public int Port { get; }

    public int SandboxPort { get; }

    /// <summary>Where another issuer may be, which nobody has started.</summary>
    public int ElsewherePort { get; }

    public string Elsewhere => $"http://127.0.0.1:{ElsewherePort}";

    public Uri Address => new($"http://localhost:{Port}");

    public Uri Sandbox => new($"http://127.0.0.1:{SandboxPort}");

    /// <summary>What infra/run has printed so far.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Starts on fresh data, or on the data and ports of an earlier start.</summary>
    public static async Task<RunningPortal> StartAsync(RunningPortal? earlier = null)
    {
        var portal = earlier is null
            ? new RunningPortal(Directory.CreateTempSubdirectory("portal-run-").FullName, FreePort(), FreeSandboxPort(), FreePort())
            : new RunningPortal(earlier.Data, earlier.Port, earlier.SandboxPort, earlier.ElsewherePort);
        await portal.BeginAsync();
        return portal;
    }

    /// <summary>Starts on fresh data with a sandbox that asks nobody anything.</summary>
    public static async Task<RunningPortal> StartForScriptsAsync()
    {
        var portal = new RunningPortal(Directory.CreateTempSubdirectory("portal-run-").FullName, FreePort(), FreeSandboxPort(), FreePort(), "--auto-consent");
        await portal.BeginAsync();
        return portal;
    }

    /// <summary>Runs SQL as the owner of the tables, past row-level security.</summary>
    public async Task SqlAsync(string sql)
    {
        const string Script = """. "$1/infra/lib.sh"; prepare_data "$2"; cluster_setup; psql -q -v ON_ERROR_STOP=1 -h "$socket" -U portal_owner portal""";
        using var process = Process.Start(new ProcessStartInfo("bash", ["-c", Script, "sql", Repository.Root, Data])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        await process.StandardInput.WriteAsync(sql);
        process.StandardInput.Close();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"psql ended with {process.ExitCode}: {errors}");
        }
    }

    /// <summary>Runs <c>infra/portal</c> against the same data and returns what it printed on standard output.</summary>
    public async Task<string> CommandAsync(params IEnumerable<string> arguments)
    {
        using var command = Process.Start(new ProcessStartInfo(Path.Combine(Repository.Root, "infra", "portal"), ["--data", Data, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        var errors = command.StandardError.ReadToEndAsync();
        var output = await command.StandardOutput.ReadToEndAsync();
        await command.WaitForExitAsync();
        return command.ExitCode == 0 ? output : throw new InvalidOperationException($"infra/portal ended with {command.ExitCode}: {await errors}");
    }

    /// <summary>Stops it as Ctrl-C does and waits until nothing is left; the data stays.</summary>
    public async Task StopAsync()
    {
        if (!_process.HasExited)
        {
            _ = Kill(_process.Id, SigTerm);
            await _process.WaitForExitAsync().WaitAsync(Patience);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _process.Dispose();
    }

    private async Task BeginAsync()
    {
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        try
        {
            await _ready.Task.WaitAsync(Patience);
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    private void OnLine(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_output)
        {
            _output.AppendLine(line);
        }

        if (line == $"portal ready: http://localhost:{Port}")
        {
            _ready.TrySetResult();
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>The sandbox's port, with the next ones free for the servers beside it.</summary>
    private static int FreeSandboxPort()
    {
        while (true)
        {
            var port = FreePort();
            try
            {
                using var first = new TcpListener(IPAddress.Loopback, port + 1);
                using var second = new TcpListener(IPAddress.Loopback, port + 2);
                first.Start();
                second.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken: look further.
            }
        }
    }

    [System.Runtime.InteropServices.DllImport("libc", EntryPoint = "kill")]
    [System.Runtime.InteropServices.DefaultDllImportSearchPaths(System.Runtime.InteropServices.DllImportSearchPath.System32)]
    private static extern int Kill(int process, int signal);
}
