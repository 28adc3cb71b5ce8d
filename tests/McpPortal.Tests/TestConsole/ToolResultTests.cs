using System.Text;
using System.Text.Json.Nodes;
using AngleSharp.Html.Parser;
using McpPortal.TestConsole;

namespace McpPortal.Tests.TestConsole;

public sealed class ToolResultTests
{
    private const string Pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    [Theory]
    [InlineData("image/png", true)]
    [InlineData("image/JPEG", true)]
    [InlineData("image/gif", true)]
    [InlineData("image/webp", true)]
    [InlineData("image/svg+xml", false)]
    [InlineData("text/html", false)]
    [InlineData("image/png;charset=x,<script>", false)]
    public void INJ_9_Only_pictures_that_cannot_hold_scripts_are_shown(string kind, bool shown)
    {
        var part = Read(new JsonObject { ["type"] = "image", ["mimeType"] = kind, ["data"] = Pixel }).Parts.Single();

        Assert.Equal(shown, part is ResultPart.Picture);
        if (part is ResultPart.Picture picture)
        {
            Assert.Equal($"data:{kind.ToLowerInvariant()};base64,{Pixel}", picture.Source);
        }
    }

    [Theory]
    [InlineData("not base64 \"><script>")]
    [InlineData("")]
    public void A_picture_that_is_none_is_not_shown(string data) =>
        Assert.IsType<ResultPart.Other>(Read(new JsonObject { ["type"] = "image", ["mimeType"] = "image/png", ["data"] = data }).Parts.Single());

    [Fact]
    public void A_picture_beyond_the_limit_is_not_sent_to_the_browser()
    {
        var data = Convert.ToBase64String(new byte[ToolResult.MaxPictureBytes + 1024]);

        Assert.IsType<ResultPart.Other>(Read(new JsonObject { ["type"] = "image", ["mimeType"] = "image/png", ["data"] = data }).Parts.Single());
    }

    [Theory]
    [InlineData("https://example.com/a", true)]
    [InlineData("http://example.com/a", true)]
    [InlineData("javascript:alert(1)", false)]
    [InlineData("data:text/html,<script>", false)]
    [InlineData("file:///etc/passwd", false)]
    [InlineData("//example.com", false)]
    [InlineData("/connections", false)]
    [InlineData("https://portal.example@evil.example/", false)]
    [InlineData("java\tscript:alert(1)", false)]
    [InlineData("", false)]
    public void INJ_9_Only_web_addresses_become_links(string address, bool web) =>
        Assert.Equal(web, Assert.IsType<ResultPart.Link>(Read(new JsonObject { ["type"] = "resource_link", ["name"] = "n", ["uri"] = address }).Parts.Single()).Web);

    [Theory]
    [InlineData("""{"structuredContent":[{"a":1},{"b":"x"}]}""", "a,b", "1,|,x")]
    [InlineData("""{"structuredContent":{"mails":[{"id":7,"tags":["x","y"],"read":true,"none":null}],"total":1}}""", "id,tags,read,none", "7,x, y,yes,")]
    [InlineData("""{"content":[{"type":"text","text":"[{\"a\":\"<b>\"}]"}]}""", "a", "<b>")]
    public void A_list_of_flat_objects_is_a_table(string result, string columns, string rows)
    {
        var table = ToolResult.From(Encoding.UTF8.GetBytes(result)).Table;

        Assert.NotNull(table);
        Assert.Equal(columns, string.Join(',', table.Columns));
        Assert.Equal(rows, string.Join('|', table.Rows.Select(row => string.Join(',', row))));
    }

    [Theory]
    [InlineData("""{"structuredContent":[{"a":{"b":1}}]}""")]
    [InlineData("""{"structuredContent":[1,2]}""")]
    [InlineData("""{"structuredContent":[]}""")]
    [InlineData("""{"structuredContent":{"a":[{"x":1}],"b":[{"x":1}]}}""")]
    [InlineData("""{"structuredContent":[{"\ud800":1}]}""")]
    public void Anything_else_is_none(string result) => Assert.Null(ToolResult.From(Encoding.UTF8.GetBytes(result)).Table);

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"content":"text"}""")]
    [InlineData("""{"content":[1,null,{"type":7},{"type":"text"},{"type":"resource","resource":1},{"type":"image"},{"type":"text","text":"\ud800"}]}""")]
    public void A_malformed_answer_is_still_shown_raw(string result)
    {
        var read = ToolResult.From(Encoding.UTF8.GetBytes(result));

        Assert.Equal(result, read.Raw);
        Assert.Equal(Encoding.UTF8.GetByteCount(result), read.Bytes);
    }

    [Fact]
    public void Too_many_parts_are_counted_not_shown()
    {
        var result = new JsonObject { ["content"] = new JsonArray([.. Enumerable.Range(0, 250).Select(i => (JsonNode)new JsonObject { ["type"] = "text", ["text"] = $"{i}" })]) };

        var parts = ToolResult.From(Encoding.UTF8.GetBytes(result.ToJsonString())).Parts;

        Assert.Equal(101, parts.Count);
        Assert.Contains("150 more", Assert.IsType<ResultPart.Other>(parts[^1]).Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("# t\n<script>alert(1)</script>")]
    [InlineData("**x** <img src=x onerror=alert(1)>")]
    [InlineData("[x](javascript:alert(1))")]
    [InlineData("[x](JaVaScRiPt:alert(1) \"t\")")]
    [InlineData("[x](data:text/html;base64,PHNjcmlwdD4=)")]
    [InlineData("[x](/connections/1/disconnect)")]
    [InlineData("![x](https://evil.example/pixel.png)")]
    [InlineData("![x](data:image/svg+xml,<svg onload=alert(1)>)")]
    [InlineData("**a** <javascript:alert(1)>")]
    [InlineData("**a** [x][1]\n\n[1]: javascript:alert(1)")]
    [InlineData("[![x](https://evil.example/p.png)](vbscript:x)")]
    [InlineData("```\n</code></pre><script>alert(1)</script>\n```")]
    [InlineData("**a** [x](https://a.example/\"onmouseover=\"alert(1))")]
    public void INJ_9_Markdown_of_others_renders_inert(string text)
    {
        var html = SafeMarkdown.TryRender(text);

        Assert.NotNull(html);
        var document = new HtmlParser().ParseDocument("<body>" + html);
        Assert.Empty(document.QuerySelectorAll("script, img, svg, iframe, object, style, form, input"));
        Assert.DoesNotContain(document.Body!.QuerySelectorAll("*").SelectMany(e => e.Attributes), a => a.Name.StartsWith("on", StringComparison.OrdinalIgnoreCase));
        Assert.All(document.QuerySelectorAll("a"), a =>
        {
            Assert.StartsWith("http", a.GetAttribute("href"), StringComparison.Ordinal);
            Assert.Equal("noopener noreferrer nofollow", a.GetAttribute("rel"));
            Assert.Equal("_blank", a.GetAttribute("target"));
        });
    }

    [Fact]
    public void Markdown_keeps_words_lists_and_web_links()
    {
        var document = new HtmlParser().ParseDocument(SafeMarkdown.TryRender("# Title\n- one\n- [two](https://example.com/x)\n- [three](javascript:x)\n\n<https://example.com/y>")!);

        Assert.Equal("Title", document.QuerySelector("h3")!.TextContent);
        Assert.Equal(["one", "two", "three"], document.QuerySelectorAll("li").Select(li => li.TextContent.Trim()));
        Assert.Equal(["https://example.com/x", "https://example.com/y"], document.QuerySelectorAll("a").Select(a => a.GetAttribute("href")));
    }

    [Fact]
    public void INJ_9_Hostile_nesting_ends_as_plain_text_or_html_but_ends()
    {
        SafeMarkdown.TryRender("**a**\n" + new string('>', 15_000));
        SafeMarkdown.TryRender("**a** " + string.Concat(Enumerable.Repeat("[", 15_000)));
        Assert.Null(SafeMarkdown.TryRender("**a**" + new string('x', SafeMarkdown.MaxLength)));
    }

    private static ToolResult Read(JsonObject block) => ToolResult.From(Encoding.UTF8.GetBytes(new JsonObject { ["content"] = new JsonArray(block) }.ToJsonString()));
}
