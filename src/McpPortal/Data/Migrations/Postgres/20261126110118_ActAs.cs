using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace McpPortal.Data.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class ActAs : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "service_key_id",
                table: "tool_calls",
                type: "character varying(32)",
                maxLength: 32,
                nullable: true);

            migrationBuilder.CreateTable(
                name: "service_keys",
                columns: table => new
                {
                    id = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    name = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: false),
                    hash = table.Column<byte[]>(type: "bytea", maxLength: 32, nullable: false),
                    group_id = table.Column<Guid>(type: "uuid", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    revoked_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_service_keys", x => x.id);
                    table.ForeignKey(
                        name: "fk_service_keys_groups_group_id",
                        column: x => x.group_id,
                        principalTable: "groups",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "act_as_consents",
                columns: table => new
                {
                    service_key_id = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    given_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_act_as_consents", x => new { x.service_key_id, x.user_id });
                    table.ForeignKey(
                        name: "fk_act_as_consents_service_keys_service_key_id",
                        column: x => x.service_key_id,
                        principalTable: "service_keys",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "fk_act_as_consents_users_user_id",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_act_as_consents_user_id",
                table: "act_as_consents",
                column: "user_id");

            migrationBuilder.CreateIndex(
                name: "ix_service_keys_group_id",
                table: "service_keys",
                column: "group_id");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "act_as_consents");

            migrationBuilder.DropTable(
                name: "service_keys");

            migrationBuilder.DropColumn(
                name: "service_key_id",
                table: "tool_calls");
        }
    }
}
